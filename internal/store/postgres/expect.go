package postgres

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"holdfast"
)

// expected are messages that were looked for before AppendEvent is given them, and
// the numbers that were drawn for those that are not there: in the order in which
// they are given away, as if each were drawn when it is needed.
type expected struct {
	seqs  map[eventKey]int64 // 0: it is not there
	drawn []int64
	props map[eventKey]encoded
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
	if len(x.seqs) == 0 {
		return 0, false, false
	}
	key := keyOf(m)
	seq, known := x.seqs[key]
	switch {
	case seq > 0:
		return seq, true, false
	case !known || len(x.drawn) == 0:
		return 0, false, false
	}
	seq, x.drawn = x.drawn[0], x.drawn[1:]
	x.seqs[key] = seq
	return seq, false, true
}

// met notes an event that was asked for: later ones have greater numbers than it.
func (x *expected) met(m holdfast.Message, seq int64) {
	if x.seqs != nil {
		x.seqs[keyOf(m)], x.drawn = seq, nil
	}
}

// Expect looks for each message by itself, so that no plan reads the whole table, and
// draws a number for each, whether or not it is there: gaps do no harm.
func (t *tx) Expect(msgs []holdfast.Message) error {
	look, x := t.expecting(msgs)
	if x == nil {
		return t.ready()
	}
	if err := t.ask(look); err != nil {
		return err
	}
	t.expect = x.sorted()
	return nil
}

const lookForEvents = `SELECT NULL, NULL, 0, ARRAY (SELECT nextval((SELECT pg_get_serial_sequence('events', 'seq')::regclass)) FROM generate_series(1, $3))
	UNION ALL SELECT w.source, w.id, e.seq, NULL FROM unnest($1::text[], $2::text[]) AS w (source, id)
	CROSS JOIN LATERAL (SELECT seq FROM events WHERE source = w.source AND id = w.id LIMIT 1) e`

// expecting is the question that fills x; nil: nothing is to be asked.
func (t *tx) expecting(msgs []holdfast.Message) (q question, x *expected) {
	if t.read || t.asks || len(msgs) == 0 {
		return q, nil
	}
	x = &expected{seqs: make(map[eventKey]int64, len(msgs))}
	source, id := make([]string, len(msgs)), make([]string, len(msgs))
	for i, m := range msgs {
		source[i], id[i] = m.Source, m.ID
		x.seqs[keyOf(m)] = 0
	}
	return question{"look for events", lookForEvents, []any{source, id, len(msgs)}, func(row scanner) error {
		var source, id *string
		var seq int64
		var drawn []int64
		if err := row.Scan(&source, &id, &seq, &drawn); err != nil {
			return err
		}
		if source == nil {
			x.drawn = drawn
		} else {
			x.seqs[eventKey{*source, *id}] = seq
		}
		return nil
	}}, x
}

func (x *expected) sorted() expected {
	slices.Sort(x.drawn)
	return *x
}
