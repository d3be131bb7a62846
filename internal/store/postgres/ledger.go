package postgres

import (
	"encoding/json"
	"fmt"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

const touchColumns = `id, enrollment, account, contact, playbook, step, path, channel, recipient, state, reason,
	provider_id, attempts, claimed_at, sending_at, done_at, human_work`

func scanTouch(row scanner) (store.Touch, error) {
	var h store.Touch
	return h, row.Scan(&h.ID, &h.Enrollment, &h.Account, &h.Contact, &h.Playbook, &h.Step, &h.Path, &h.Channel,
		&h.Recipient, &h.State, &h.Reason, &h.ProviderID, &h.Attempts, at(&h.ClaimedAt), at(&h.SendingAt),
		at(&h.DoneAt), &h.HumanWork)
}

func (t *tx) Touch(id string) (store.Touch, error) {
	return one(t, "read touch", scanTouch, "SELECT "+touchColumns+" FROM touches WHERE id = $1", id)
}

var putTouch = upsert("touches", touchColumns+", final")

// PutTouch fails when another id has the same enrollment, path, channel and
// recipient: that would be a second send.
func (t *tx) PutTouch(h store.Touch) error {
	return t.put("write touch", putTouch, h.ID, h.Enrollment, h.Account, h.Contact, h.Playbook, h.Step, h.Path, h.Channel,
		h.Recipient, string(h.State), h.Reason, h.ProviderID, h.Attempts, when(h.ClaimedAt), when(h.SendingAt),
		when(h.DoneAt), h.HumanWork, h.State.Final())
}

func (t *tx) TouchesOf(enrollment string) ([]store.Touch, error) {
	return all(t, "list touches", scanTouch,
		"SELECT "+touchColumns+" FROM touches WHERE enrollment = $1 ORDER BY claimed_at NULLS FIRST, id", enrollment)
}

// TouchesIn are by ClaimedAt, then ID. Asking for open states alone is quick.
func (t *tx) TouchesIn(states []holdfast.TouchState, limit int) ([]store.Touch, error) {
	var w where
	var words []string
	open := true
	for _, s := range states {
		words, open = append(words, string(s)), open && !s.Final()
	}
	w.among("state", words)
	if open {
		w.and("NOT final")
	}
	return all(t, "list touches", scanTouch, "SELECT "+touchColumns+" FROM touches"+w.clause()+
		" ORDER BY claimed_at NULLS FIRST, id LIMIT "+w.arg(limited(limit)), w.values()...)
}

func (t *tx) CountTouches(account, contact, channel string, since time.Time) (int, error) {
	w := narrowed("contact", contact, "channel", channel)
	w.and("account = ", account)
	w.and("state IN ('claimed', 'sending', 'unknown', 'reconciled', 'unconfirmed', 'sent')")
	if !since.IsZero() {
		w.and("claimed_at >= ", since)
	}
	if channel == "" {
		w.and("(channel NOT IN ('slack', 'webhook') OR human_work)")
	}
	return one(t, "count touches", value[int], "SELECT count(*) FROM touches"+w.clause(), w.values()...)
}

func (t *tx) LastTouch(account string) (store.Touch, error) {
	return one(t, "read last touch", scanTouch, "SELECT "+touchColumns+` FROM touches
		WHERE account = $1 AND state IN ('sent', 'reconciled') ORDER BY done_at DESC NULLS LAST, id DESC LIMIT 1`, account)
}

func (t *tx) CountTouchesByState() (map[string]map[holdfast.TouchState]int, error) {
	counts := map[string]map[holdfast.TouchState]int{}
	err := each(t, "count touches", "SELECT channel, state, count(*) FROM touches GROUP BY channel, state", nil,
		func(row scanner) error {
			var channel string
			var state holdfast.TouchState
			var n int
			err := row.Scan(&channel, &state, &n)
			if counts[channel] == nil {
				counts[channel] = map[holdfast.TouchState]int{}
			}
			counts[channel][state] = n
			return err
		})
	if err != nil {
		return nil, err
	}
	return counts, nil
}

func (t *tx) PutMessage(m store.Outmail) (fresh bool, err error) {
	body, err := json.Marshal(m.Outbound)
	if err != nil {
		return false, fmt.Errorf("encode message: %w", err)
	}
	n, err := t.exec("keep message", "INSERT INTO messages (touch, account, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		m.Touch, m.Account, string(body))
	return n == 1, err
}

func scanMessage(row scanner) (store.Outmail, error) {
	var m store.Outmail
	var account string
	var body []byte
	err := row.Scan(&m.Seq, &account, &body)
	if err != nil {
		return m, err
	}
	err = json.Unmarshal(body, &m.Outbound)
	m.Account = account // it may have become another since
	return m, err
}

// Messages of an account, or of all when it is empty.
func (t *tx) Messages(account string, after int64, limit int) ([]store.Outmail, error) {
	w := narrowed("account", account)
	w.and("seq > ", after)
	return all(t, "list messages", scanMessage, "SELECT seq, account, body FROM messages"+w.clause()+
		" ORDER BY seq LIMIT "+w.arg(limited(limit)), w.values()...)
}

func (t *tx) Message(touch string) (store.Outmail, error) {
	return one(t, "read message", scanMessage, "SELECT seq, account, body FROM messages WHERE touch = $1", touch)
}
