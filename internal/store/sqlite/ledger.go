package sqlite

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
	return one(t, "read touch", scanTouch, "SELECT "+touchColumns+" FROM touches WHERE id = ?", id)
}

// PutTouch fails when another id has the same enrollment, path, channel and
// recipient: that would be a second send.
func (t *tx) PutTouch(h store.Touch) error {
	return t.put("write touch", `INSERT INTO touches (`+touchColumns+`, final)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
		enrollment = excluded.enrollment, account = excluded.account, contact = excluded.contact,
		playbook = excluded.playbook, step = excluded.step, path = excluded.path, channel = excluded.channel,
		recipient = excluded.recipient, state = excluded.state, reason = excluded.reason,
		provider_id = excluded.provider_id, attempts = excluded.attempts, claimed_at = excluded.claimed_at,
		sending_at = excluded.sending_at, done_at = excluded.done_at, human_work = excluded.human_work,
		final = excluded.final`,
		h.ID, h.Enrollment, h.Account, h.Contact, h.Playbook, h.Step, h.Path, h.Channel, h.Recipient, string(h.State),
		h.Reason, h.ProviderID, h.Attempts, micros(h.ClaimedAt), micros(h.SendingAt), micros(h.DoneAt),
		flag(h.HumanWork), flag(h.State.Final()))
}

func (t *tx) TouchesOf(enrollment string) ([]store.Touch, error) {
	return all(t, "list touches", scanTouch,
		"SELECT "+touchColumns+" FROM touches WHERE enrollment = ? ORDER BY claimed_at, id", enrollment)
}

// TouchesIn are by ClaimedAt, then ID. Asking for open states alone is quick.
func (t *tx) TouchesIn(states []holdfast.TouchState, limit int) ([]store.Touch, error) {
	args, open := []any{}, true
	for _, s := range states {
		args, open = append(args, string(s)), open && !s.Final()
	}
	query := "SELECT " + touchColumns + " FROM touches WHERE state IN (" + marks(len(states)) + ")"
	if open {
		query += " AND final = 0"
	}
	return all(t, "list touches", scanTouch, query+" ORDER BY claimed_at, id LIMIT ?", append(args, limited(limit))...)
}

func (t *tx) CountTouches(account, contact, channel string, since time.Time) (int, error) {
	query := `SELECT count(*) FROM touches WHERE account = ?
		AND state IN ('claimed', 'sending', 'unknown', 'reconciled', 'unconfirmed', 'sent')`
	args := []any{account}
	if !since.IsZero() {
		query, args = query+" AND claimed_at >= ?", append(args, since.UnixMicro())
	}
	if contact != "" {
		query, args = query+" AND contact = ?", append(args, contact)
	}
	if channel != "" {
		query, args = query+" AND channel = ?", append(args, channel)
	} else {
		query += " AND (channel NOT IN ('slack', 'webhook') OR human_work = 1)"
	}
	return one(t, "count touches", value[int], query, args...)
}

func (t *tx) LastTouch(account string) (store.Touch, error) {
	return one(t, "read last touch", scanTouch, "SELECT "+touchColumns+` FROM touches
		WHERE account = ? AND state IN ('sent', 'reconciled') ORDER BY done_at DESC, id DESC LIMIT 1`, account)
}

func (t *tx) CountTouchesByState() (map[string]map[holdfast.TouchState]int, error) {
	counts := map[string]map[holdfast.TouchState]int{}
	err := each(t, "count touches", "SELECT channel, state, count(*) FROM touches GROUP BY channel, state", nil,
		func(row scanner) (bool, error) {
			var channel string
			var state holdfast.TouchState
			var n int
			err := row.Scan(&channel, &state, &n)
			if counts[channel] == nil {
				counts[channel] = map[holdfast.TouchState]int{}
			}
			counts[channel][state] = n
			return true, err
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
	n, err := t.exec("keep message", "INSERT INTO messages (touch, account, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
		m.Touch, m.Account, string(body))
	return n == 1, err
}

func scanMessage(row scanner) (store.Outmail, error) {
	var m store.Outmail
	var account string
	var body []byte
	err := row.Scan(&m.Seq, &account, text{&body})
	if err != nil {
		return m, err
	}
	err = json.Unmarshal(body, &m.Outbound)
	m.Account = account // it may have become another since
	return m, err
}

// Messages of an account, or of all when it is empty.
func (t *tx) Messages(account string, after int64, limit int) ([]store.Outmail, error) {
	if account == "" {
		return all(t, "list messages", scanMessage,
			"SELECT seq, account, body FROM messages WHERE seq > ? ORDER BY seq LIMIT ?", after, limited(limit))
	}
	return all(t, "list messages", scanMessage,
		"SELECT seq, account, body FROM messages WHERE account = ? AND seq > ? ORDER BY seq LIMIT ?", account, after, limited(limit))
}

func (t *tx) Message(touch string) (store.Outmail, error) {
	return one(t, "read message", scanMessage, "SELECT seq, account, body FROM messages WHERE touch = ?", touch)
}
