package memory

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

func ledgerTables(t *tables) {
	byClaim := func(a, b *store.Touch) int { return byTime(a.ClaimedAt, b.ClaimedAt, a.ID, b.ID) }
	t.touches.key = func(h *store.Touch) string { return h.ID }
	t.touchesByKey = t.touches.indexed(nil, func(h *store.Touch) key { return key{h.Enrollment, h.Path, h.Channel, h.Recipient} }, nil)
	t.touchesOf = t.touches.indexed(nil, func(h *store.Touch) key { return key{h.Enrollment} }, byClaim)
	t.touchesByAccount = t.touches.indexed(nil, func(h *store.Touch) key { return key{h.Account} }, byClaim)
	t.touchesOpen = t.touches.indexed(func(h *store.Touch) bool { return !h.State.Final() }, nil, byClaim)

	bySeq := func(a, b *store.Outmail) int { return cmp.Compare(a.Seq, b.Seq) }
	t.messages.key = func(m *store.Outmail) int64 { return m.Seq }
	t.messagesBySeq = t.messages.indexed(nil, nil, bySeq)
	t.messagesOf = t.messages.indexed(nil, func(m *store.Outmail) key { return key{m.Account} }, bySeq)
	t.messagesByTouch = t.messages.indexed(nil, func(m *store.Outmail) key { return key{m.Touch} }, nil)
}

func (t *tx) Touch(id string) (store.Touch, error) { return one(t, &t.touches, id, self) }

// PutTouch fails when another id has the same enrollment, path, channel and
// recipient: that would be a second send.
func (t *tx) PutTouch(h store.Touch) error {
	if err := t.writes("write touch"); err != nil {
		return err
	}
	if other := t.touchesByKey.unique(h.Enrollment, h.Path, h.Channel, h.Recipient); other != nil && other.ID != h.ID {
		return t.fail("write touch", errors.New("another touch has its enrollment, path, channel and recipient"))
	}
	h.ClaimedAt, h.SendingAt, h.DoneAt = moment(h.ClaimedAt), moment(h.SendingAt), moment(h.DoneAt)
	t.touches.put(t, h)
	return nil
}

func (t *tx) TouchesOf(enrollment string) ([]store.Touch, error) {
	return some(t, t.touchesOf.of(enrollment), 0, nil, self)
}

// TouchesIn are by ClaimedAt, then ID. Asking for open states alone is quick.
func (t *tx) TouchesIn(states []holdfast.TouchState, limit int) ([]store.Touch, error) {
	rows := t.touchesOpen.of()
	if slices.ContainsFunc(states, holdfast.TouchState.Final) {
		rows = slices.Collect(maps.Values(t.touches.rows))
		slices.SortFunc(rows, func(a, b *store.Touch) int { return byTime(a.ClaimedAt, b.ClaimedAt, a.ID, b.ID) })
	}
	return some(t, rows, limit, func(h *store.Touch) bool { return slices.Contains(states, h.State) }, self)
}

func (t *tx) CountTouches(account, contact, channel string, since time.Time) (n int, err error) {
	rows := t.touchesByAccount.of(account)
	if !since.IsZero() {
		since = moment(since)
		rows = from(rows, func(h *store.Touch) bool { return !h.ClaimedAt.IsZero() && !h.ClaimedAt.Before(since) })
	}
	for _, h := range rows {
		reaches := channel == h.Channel || channel == "" && (h.Channel != "slack" && h.Channel != "webhook" || h.HumanWork)
		if reaches && counted(h.State) && (contact == "" || contact == h.Contact) {
			n++
		}
	}
	return n, t.ready()
}

func (t *tx) LastTouch(account string) (store.Touch, error) {
	if err := t.ready(); err != nil {
		return store.Touch{}, err
	}
	var found *store.Touch
	for _, h := range t.touchesByAccount.of(account) {
		went := h.State == holdfast.Sent || h.State == holdfast.Reconciled
		if went && (found == nil || byTime(found.DoneAt, h.DoneAt, found.ID, h.ID) < 0) {
			found = h
		}
	}
	if found == nil {
		return store.Touch{}, store.ErrNotFound
	}
	return *found, nil
}

func (t *tx) CountTouchesByState() (map[string]map[holdfast.TouchState]int, error) {
	counts := map[string]map[holdfast.TouchState]int{}
	for _, h := range t.touches.rows {
		if counts[h.Channel] == nil {
			counts[h.Channel] = map[holdfast.TouchState]int{}
		}
		counts[h.Channel][h.State]++
	}
	return counts, t.ready()
}

// ownMessage copies a message. Its times are as JSON keeps them: whole, without
// the machine's monotonic clock.
func ownMessage(m *store.Outmail) store.Outmail {
	own := *m
	own.Headers = maps.Clone(m.Headers)
	if m.Task != nil {
		card := *m.Task
		card.Due = card.Due.Round(0)
		own.Task = &card
	}
	own.At = own.At.Round(0)
	return own
}

func (t *tx) PutMessage(m store.Outmail) (fresh bool, err error) {
	if err := t.writes("keep message"); err != nil {
		return false, err
	}
	if t.messagesByTouch.unique(m.Touch) != nil {
		return false, nil
	}
	m.Seq = 1
	if before := last(t.messagesBySeq.of()); before != nil {
		m.Seq = before.Seq + 1
	}
	t.messages.put(t, ownMessage(&m))
	return true, nil
}

// Messages of an account, or of all when it is empty.
func (t *tx) Messages(account string, after int64, limit int) ([]store.Outmail, error) {
	rows := t.messagesBySeq.of()
	if account != "" {
		rows = t.messagesOf.of(account)
	}
	return some(t, from(rows, func(m *store.Outmail) bool { return m.Seq > after }), limit, nil, ownMessage)
}

func (t *tx) Message(touch string) (store.Outmail, error) {
	if err := t.ready(); err != nil {
		return store.Outmail{}, err
	}
	m := t.messagesByTouch.unique(touch)
	if m == nil {
		return store.Outmail{}, store.ErrNotFound
	}
	return ownMessage(m), nil
}
