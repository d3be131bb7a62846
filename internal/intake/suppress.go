package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// SuppressKind is the kind of dues that ask the e-mail provider to write to an
// address no more, or again. They wait until somebody does it: see
// internal/suppressions.
const SuppressKind = "suppress"

// Suppressing is the Data of such a due.
type Suppressing struct {
	Address string `json:"address"` // in small letters
	Kind    string `json:"kind"`    // of suppression
	Lift    bool   `json:"lift,omitempty"`
	Tries   int    `json:"tries,omitempty"`
}

// TellProvider leaves word for the e-mail provider that it must not write to an
// address any more or, with lift, that it may again. The last word about an
// address and a kind of suppression counts. It belongs in the transaction that
// suppresses or lifts.
func TellProvider(tx store.Tx, account, address, kind string, lift bool, now time.Time) error {
	if address = small(address); !strings.Contains(address, "@") {
		return nil // nobody to tell of
	}
	data, err := json.Marshal(Suppressing{Address: address, Kind: kind, Lift: lift})
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(kind + "\x1f" + address))
	err = tx.PutDue(store.Due{Key: SuppressKind + "/" + hex.EncodeToString(sum[:16]), Kind: SuppressKind, At: now, Account: account, Data: data})
	if err != nil {
		return fmt.Errorf("leave word for the provider: %w", err)
	}
	return nil
}

func small(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// suppress keeps a no in the transaction that brings it, or takes one back. A
// soft bounce is none. A bounce of an address that the contact has left behind
// says nothing of the contact.
func (b *batch) suppress(m holdfast.Message, seq int64) error {
	kind := map[string]string{
		holdfast.EventOptedOut:   optedOut,
		holdfast.EventPaused:     paused,
		holdfast.EventOptedIn:    optedIn,
		holdfast.EventBounced:    "bounced",
		holdfast.EventComplained: "complained",
	}[m.Event]
	if m.Kind != holdfast.Track || kind == "" {
		return nil
	}
	if class, _ := m.Props["class"].(string); kind == "bounced" && class == "soft" {
		return nil
	}
	no := store.Suppression{Contact: m.Contact, Kind: kind, At: m.At, Event: seq}
	address, _ := m.Props["email"].(string)
	if m.Contact != "" {
		p, err := b.person(m.Contact)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil {
			known, _ := p.Fields["email"].Value.(string)
			if address == "" {
				address = known
			} else if kind == "bounced" && known != "" && !sameAddress(address, known) {
				no.Contact = ""
			}
		}
	}
	no.Address = small(address)
	if no.Address == "" && no.Contact == "" {
		return nil
	}
	return b.choose(m, no)
}

func sameAddress(a, b string) bool {
	return small(a) == small(b)
}
