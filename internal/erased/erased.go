// Package erased knows again who was erased, by an HMAC alone: the key is drawn
// once for an installation and kept in its database, so that it moves and is
// restored with it.
package erased

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"holdfast"
	"holdfast/internal/store"
)

const (
	// Kind of suppressions: it binds every class, and is never lifted.
	Kind = "erased"
	// Gone stands where a name or an address was.
	Gone = "[erased]"

	// MetaKey is where the key of the marks is kept.
	MetaKey = "erasure_key"

	keyBytes  = 32
	idPrefix  = "erased-"
	addressOf = "hmac:"
)

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// Marks make the marks of people. The zero Marks know nobody.
type Marks struct{ key []byte }

// Read reads the key; Marks without one when nobody was ever erased here.
func Read(tx store.Meta) (Marks, error) {
	text, err := tx.MetaGet(MetaKey)
	if err != nil {
		return Marks{}, err
	}
	return Of(text)
}

// Of are the marks by a key as it is kept; "" is none.
func Of(text string) (Marks, error) {
	if text == "" {
		return Marks{}, nil
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != keyBytes {
		return Marks{}, fmt.Errorf("the key of erasures in the database is damaged: restore its meta row %q from a backup", MetaKey)
	}
	return Marks{key}, nil
}

// Make reads the key, and draws one from random where there is none.
func Make(tx store.Meta, random io.Reader) (Marks, error) {
	m, err := Read(tx)
	if err != nil || m.Any() {
		return m, err
	}
	m.key = make([]byte, keyBytes)
	if _, err := io.ReadFull(random, m.key); err != nil {
		return Marks{}, fmt.Errorf("draw the key of erasures: %w", err)
	}
	return m, tx.MetaSet(MetaKey, hex.EncodeToString(m.key))
}

// Any reports whether somebody may have been erased.
func (m Marks) Any() bool { return len(m.key) > 0 }

// Address is what the suppression list keeps of an address, in whatever letters
// it is written.
func (m Marks) Address(address string) string {
	return addressOf + hex.EncodeToString(m.mac("address", strings.ToLower(strings.TrimSpace(address))))
}

// Contact is the id that stands for a contact once they are erased.
func (m Marks) Contact(id string) string { return idPrefix + m.word("contact", id) }

// ID is what stands for an id that names somebody.
func (m Marks) ID(id string) string { return idPrefix + m.word("id", id) }

func (m Marks) word(what, s string) string {
	return strings.ToLower(encoding.EncodeToString(m.mac(what, s)[:16]))
}

func (m Marks) mac(what, s string) []byte {
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte(what + "\x1f" + s)) // never fails
	return h.Sum(nil)
}

var ids = regexp.MustCompile(`^` + idPrefix + `[a-z2-7]{26}$`)

// Is reports whether an id stands for somebody who was erased.
func Is(id string) bool { return ids.MatchString(id) }

// Holds reports whether the suppression list says that a contact, or an address,
// was erased.
func Holds(tx store.Accounts, contact, address string) (bool, error) {
	all, err := tx.Suppressions(contact, address)
	if err != nil {
		return false, fmt.Errorf("read suppressions: %w", err)
	}
	return slices.ContainsFunc(all, func(s store.Suppression) bool { return s.Kind == Kind }), nil
}

// plainProps of our own events name things of ours, and nobody.
var plainProps = []string{"touch", "step", "path", "playbook", "enrollment", "outcome", "task", "kind", "class", "via", "said", "until", "list", "amount", "ends"}

// Strip takes from a message of somebody who was erased what tells of them: that
// something happened, and when, is left. What a person says of an account (Group)
// is the account's.
func (m Marks) Strip(msg holdfast.Message) holdfast.Message {
	if msg.Source != "system" && !Is(msg.ID) || strings.Contains(msg.ID, "@") {
		msg.ID = m.ID(msg.ID) // it may be made of what was told
	}
	if msg.Kind == holdfast.Group {
		return msg
	}
	kept := map[string]any{}
	if msg.Source == "system" {
		for _, name := range plainProps {
			if v, ok := msg.Props[name]; ok && plain(v) {
				kept[name] = v
			}
		}
	}
	msg.Props = kept
	return msg
}

// plain values are numbers, and texts of one word.
func plain(v any) bool {
	switch v := v.(type) {
	case map[string]any, []any:
		return false
	case string:
		return !strings.ContainsAny(v, " @")
	}
	return true
}

// address is about what may be one in a text.
var address = regexp.MustCompile(`[^\s<>"'(),;:/?&=]+@[^\s<>"'(),;:/?&=]+\.[\pL\pN-]+`)

// Addresses in a value of a message, each as it is written.
func Addresses(v any) (found []string) {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "@") {
			found = address.FindAllString(v, -1)
		}
	case []any:
		for _, one := range v {
			found = append(found, Addresses(one)...)
		}
	case map[string]any:
		for _, one := range v {
			found = append(found, Addresses(one)...)
		}
	}
	return found
}

// Without is a value of a message with Gone in place of some texts, and nil in
// place of one that is nothing else.
func Without(v any, texts []string) any {
	switch v := v.(type) {
	case string:
		if slices.Contains(texts, strings.TrimSpace(v)) {
			return nil
		}
		for _, t := range texts {
			v = strings.ReplaceAll(v, t, Gone)
		}
		return v
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = Without(v[i], texts)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, one := range v {
			out[name] = Without(one, texts)
		}
		return out
	}
	return v
}
