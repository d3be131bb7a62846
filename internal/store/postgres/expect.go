package postgres

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"holdfast"
)

// expected are messages that were looked for, or trusted not to be there, before
// AppendEvent is given them. The zero value expects none.
type expected struct {
	of    map[eventKey]numbered
	void  bool // an event came between that nobody expected: own numbers would be smaller than its
	props map[eventKey]encoded

	foreseen *foreseen // nil: nothing is written ahead
}

// numbered is an event's number, 0 while it is not there, and the one that was drawn
// for it: events that are handed in together have numbers in their order.
type numbered struct {
	seq, own int64
	ahead    int // its place among those foreseen, from 1, while it is written and not appended
}

// encoded are props as they are stored; by is the map that they were.
type encoded struct {
	by   uintptr
	text []byte
}

// encode has the props of msgs ready for AppendEvent.
func (x *expected) encode(msgs []holdfast.Message) {
	x.props = make(map[eventKey]encoded, len(msgs))
	for _, m := range msgs {
		if text, err := propsText(m); err == nil { // else AppendEvent says it
			x.props[keyOf(m)] = encoded{reflect.ValueOf(m.Props).Pointer(), text}
		}
	}
}

// propsOf m, which encode may have made already.
func (x *expected) propsOf(m holdfast.Message) ([]byte, error) {
	if e, there := x.props[keyOf(m)]; there && e.by == reflect.ValueOf(m.Props).Pointer() {
		return e.text, nil
	}
	return propsText(m)
}

func propsText(m holdfast.Message) ([]byte, error) {
	if m.Props == nil {
		return nil, nil
	}
	text, err := json.Marshal(m.Props)
	if err != nil {
		return nil, fmt.Errorf("encode props of %s: %w", m.ID, err)
	}
	return text, nil
}

type eventKey struct{ source, id string }

func keyOf(m holdfast.Message) eventKey { return eventKey{plain(m.Source), plain(m.ID)} }

// take is the number of m: there is that it is an event already; looked that it is
// not and has this number from now on. Neither: it must be asked for.
func (x *expected) take(m holdfast.Message) (seq int64, there, looked bool) {
	if len(x.of) == 0 {
		return 0, false, false
	}
	key := keyOf(m)
	n := x.of[key]
	switch {
	case n.seq > 0:
		return n.seq, true, false
	case n.own == 0 || x.void:
		return 0, false, false
	}
	x.of[key] = numbered{seq: n.own}
	return n.own, false, true
}

// met notes an event that was asked for: later ones have greater numbers than it.
func (x *expected) met(m holdfast.Message, seq int64) {
	if x.of != nil {
		x.of[keyOf(m)], x.void = numbered{seq: seq}, true
	}
}

// Expect looks for each message by itself, so that no plan reads the whole table, unless
// it trusts that none is there, and draws a number for each, whether or not it is there: gaps do no harm.
func (t *tx) Expect(msgs []holdfast.Message) error {
	look, x := t.expecting(msgs)
	if x == nil {
		return t.ready()
	}
	if err := t.ask(look); err != nil {
		return err
	}
	t.expect = *x
	return nil
}

const lookForEvents = `SELECT NULL, NULL, 0, ARRAY (SELECT nextval((SELECT pg_get_serial_sequence('events', 'seq')::regclass)) FROM generate_series(1, $3))
	UNION ALL SELECT w.source, w.id, e.seq, NULL FROM unnest($1::text[], $2::text[]) AS w (source, id)
	CROSS JOIN LATERAL (SELECT seq FROM events WHERE source = w.source AND id = w.id LIMIT 1) e`

// trusts reports whether n messages need not be looked for. Of many none is there, mostly:
// that is trusted until one is, which the database says when they are written, and then
// they are looked for, for a while.
func (t *tx) trusts(n int) bool {
	if n < fewAhead {
		return false
	}
	if t.looks.still() {
		return false
	}
	t.trusting = true
	return true
}

// expecting is the question that fills x; nil: nothing is to be asked.
func (t *tx) expecting(msgs []holdfast.Message) (q question, x *expected) {
	if t.read || t.asks || len(msgs) == 0 {
		return q, nil
	}
	x = &expected{of: make(map[eventKey]numbered, len(msgs))}
	source, id := []string{}, []string{}
	if !t.trusts(len(msgs)) {
		source, id = make([]string, len(msgs)), make([]string, len(msgs))
		for i, m := range msgs {
			source[i], id[i] = m.Source, m.ID
		}
	}
	return question{"look for events", lookForEvents, []any{source, id, len(msgs)}, func(row scanner) error {
		var source, id *string
		var seq int64
		var drawn []int64
		if err := row.Scan(&source, &id, &seq, &drawn); err != nil {
			return err
		}
		if source != nil {
			x.of[eventKey{*source, *id}] = numbered{seq: seq}
			return nil
		}
		slices.Sort(drawn)
		for i, m := range msgs {
			if key := keyOf(m); x.of[key] == (numbered{}) {
				x.of[key] = numbered{own: drawn[i]}
			}
		}
		return nil
	}}, x
}
