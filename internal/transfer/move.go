package transfer

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// MoveOptions say how. To and Now are required.
type MoveOptions struct {
	To       string // the new database, in words, without a secret: later processes over the old store are told
	Temporal string // address of the cluster that runs the enrollments from now on; "": what did
	Engine   string // id of the namespace there; "": the one that did
	Now      time.Time
	Plain    func(string) string // a text as the new database keeps it; nil: as it is
	Told     Progress
}

// andTemporal is between a database and a cluster, in words.
const andTemporal = " and Temporal at "

// where is where to, in words.
func (o MoveOptions) where() string {
	if o.Temporal == "" {
		return o.To
	}
	return o.To + andTemporal + o.Temporal
}

// Moved is what was done.
type Moved struct {
	To       string    `json:"to"`
	Tables   []Counted `json:"tables"`   // the same in both
	Started  int       `json:"started"`  // enrollments that run, and begin anew where they stood
	Kept     bool      `json:"kept"`     // the engine is the one they run in: nothing begins anew
	Resumed  bool      `json:"resumed"`  // an earlier move was interrupted
	Finished bool      `json:"finished"` // an earlier move had done all this
}

// Move copies a store that no process uses into an empty database, both of the same
// shape, and hands its enrollments over: killed at any moment, the next call goes on.
//
// Whatever is refused is so before anything is changed in the old store. From its
// first transaction on nothing uses the old store (Admit), and until its
// last nothing uses the new one. The rows are copied page by page, each with the
// place that was reached, in one transaction. Then both are read whole and compared.
// Where the engine is another one, every enrollment that runs is started there by the
// relay at its state; in the old engine none goes on, since what it would ask is the
// old store. Touches keep their state: the old store is exact.
func Move(ctx context.Context, from, to Database, o MoveOptions) (*Moved, error) {
	m := &moving{from: from, to: to, o: o, id: rand.Text(), done: &Moved{To: o.where()}}
	if err := from.View(ctx, m.may); err != nil {
		return nil, err
	}
	if err := m.prepare(ctx); err != nil {
		return nil, err
	}
	if err := m.depart(ctx); err != nil {
		return nil, err
	}
	arrived, err := m.arrive(ctx)
	if err != nil {
		return nil, m.stay(ctx, err)
	}
	if !arrived {
		if err := m.copy(ctx); err != nil {
			return nil, err
		}
	}
	return m.done, m.leave(ctx)
}

// moving is a move on its way.
type moving struct {
	from, to Database
	o        MoveOptions
	id       string
	done     *Moved
}

// may refuses a store that must not be moved, or not to there. It takes up a move that
// was begun.
func (m *moving) may(tx store.Tx) error {
	g, err := GoneOf(tx)
	if err != nil {
		return err
	}
	if g != nil {
		m.id, m.done.Resumed = g.ID, true
		if g.To != m.done.To {
			return refuseGone(*g)
		}
		return nil
	}
	if err := Admit(tx); err != nil { // a restore that is not done
		return err
	}
	if ran, err := RanIn(tx, m.o.Engine); err != nil {
		return err
	} else if ran {
		e := holdfast.Errorf(holdfast.Conflict, "the enrollments of this store ran in Temporal namespace %s before, and their ids are taken there", m.o.Engine)
		e.Hint = "make another namespace"
		return e
	}
	return nil
}

// prepare gives the new database its tables. It is asked before the old store is
// closed, so that what is refused changes nothing.
func (m *moving) prepare(ctx context.Context) error {
	version, newest, err := m.to.Schema(ctx)
	if err != nil {
		return err
	}
	if old, _, err := m.from.Schema(ctx); err != nil || old != newest {
		return errors.Join(err, fmt.Errorf("the old store's schema is version %d, the new one's %d", old, newest))
	}
	if version > 0 {
		if err := m.to.View(ctx, func(tx store.Tx) error { return m.fits(tx) }); err != nil {
			return err
		}
	}
	return m.to.Migrate(ctx, newest)
}

// fits refuses a database that holds anything but what this move put there.
func (m *moving) fits(tx store.Tx) error {
	if arrived, err := tx.MetaGet(metaArrived); err != nil || arrived == m.id {
		return err
	}
	in, err := incomingOf(tx)
	if err != nil {
		return err
	}
	if in != nil && in.ID == m.id {
		return nil
	}
	hint := "name an empty one; nothing is ever merged"
	if m.done.Resumed {
		hint = "holdfast move --cancel, then move to an empty one"
	}
	if in != nil {
		e := refuseIncoming(*in)
		e.Hint = hint
		return e
	}
	b, err := bulk(tx)
	if err != nil {
		return err
	}
	tables, err := b.Tables()
	if err != nil {
		return err
	}
	err = vacant(b, tables)
	if e, ok := errors.AsType[*holdfast.Error](err); ok {
		e.Hint = hint
	}
	return err
}

// depart closes the old store.
func (m *moving) depart(ctx context.Context) error {
	return m.from.Update(ctx, func(tx store.Tx) error {
		if err := m.may(tx); err != nil || m.done.Resumed {
			return err
		}
		return setNote(tx, metaMoved, Gone{ID: m.id, To: m.done.To, At: m.o.Now})
	})
}

// arrive takes the new database.
func (m *moving) arrive(ctx context.Context) (done bool, err error) {
	err = m.to.Update(ctx, func(tx store.Tx) error {
		if err := m.fits(tx); err != nil {
			return err
		}
		arrived, err := tx.MetaGet(metaArrived)
		if done = arrived == m.id; err != nil || done {
			return err
		}
		if in, err := incomingOf(tx); err != nil || in != nil {
			return err
		}
		return setNote(tx, metaIncoming, incoming{ID: m.id, What: "move", At: m.o.Now})
	})
	m.done.Finished = done
	return done, err
}

// stay opens the old store again when the new database was refused after all, since
// somebody has filled it meanwhile. After any other error it may have been taken.
func (m *moving) stay(ctx context.Context, why error) error {
	if m.done.Resumed || holdfast.CodeOf(why) != holdfast.Conflict {
		return why
	}
	return errors.Join(why, reopen(context.WithoutCancel(ctx), m.from))
}

// place is how far the copy has come; it fails when the database is another move's.
func (m *moving) place(tx store.Tx) (*incoming, error) {
	in, err := incomingOf(tx)
	if err == nil && (in == nil || in.ID != m.id) {
		err = holdfast.Errorf(holdfast.Conflict, "another process has taken the new database")
	}
	return in, err
}

// copy brings everything over and makes the new store one that may be used.
func (m *moving) copy(ctx context.Context) error {
	tables, own, at, err := m.shapes(ctx)
	if err != nil {
		return err
	}
	if m.done.Tables = at.Tables; !at.Whole {
		for _, t := range tables {
			if at.Table != "" && at.Table != t.Name {
				continue // it is there already
			}
			if err := m.table(ctx, t, own[t.Name], at.After); err != nil {
				return err
			}
			at = incoming{}
		}
		if err := m.compare(ctx, tables, own); err != nil {
			return err
		}
	}
	return m.handOver(ctx)
}

// shapes are the tables of both, which must be the same, and how far an earlier
// call came.
func (m *moving) shapes(ctx context.Context) (tables []store.Table, own map[string]store.Table, at incoming, err error) {
	list := func(st store.Store, also func(tx store.Tx) error) (ts []store.Table, err error) {
		err = st.View(ctx, func(tx store.Tx) error {
			b, err := bulk(tx)
			if err != nil {
				return err
			}
			if ts, err = b.Tables(); err != nil {
				return err
			}
			return also(tx)
		})
		return ts, err
	}
	if tables, err = list(m.from, func(store.Tx) error { return nil }); err != nil {
		return nil, nil, at, err
	}
	theirs, err := list(m.to, func(tx store.Tx) error {
		in, err := m.place(tx)
		if err == nil {
			at = *in
		}
		return err
	})
	if err != nil {
		return nil, nil, at, err
	}
	own = map[string]store.Table{}
	for _, t := range theirs {
		own[t.Name] = t
	}
	for _, t := range tables {
		if err := alike(t, own[t.Name]); err != nil {
			return nil, nil, at, err
		}
	}
	return tables, own, at, nil
}

// alike is nil when two tables can hold the same rows.
func alike(a, b store.Table) error {
	same := len(a.Columns) == len(b.Columns)
	for i := 0; same && i < len(a.Columns); i++ {
		same = a.Columns[i].Name == b.Columns[i].Name && a.Columns[i].Kind == b.Columns[i].Kind
	}
	if !same {
		return fmt.Errorf("table %s is not the same in both databases", a.Name)
	}
	return nil
}

// table copies what comes after a key, nil for all.
func (m *moving) table(ctx context.Context, t, own store.Table, after []byte) error {
	keys := make([]store.Column, len(t.Key))
	for i, column := range t.Key {
		keys[i] = t.Columns[column]
	}
	for total := int64(0); ; {
		var key []any
		if after != nil {
			var err error
			if key, err = decode(after, keys); err != nil {
				return fmt.Errorf("read how far table %s was copied: %w", t.Name, err)
			}
		}
		page, last, err := m.page(ctx, t, key)
		if err != nil {
			return fmt.Errorf("read table %s: %w", t.Name, err)
		}
		if last == nil {
			m.o.Told.tell(t.Name, total, true)
			return nil
		}
		if after, err = encode(last); err != nil {
			return err
		}
		if err := m.put(ctx, own, page, after); err != nil {
			return fmt.Errorf("copy table %s: %w", t.Name, err)
		}
		total += int64(len(page))
		m.o.Told.tell(t.Name, total, false)
	}
}

// page reads the next rows of the old store. last is the key of the last, nil when
// there are no more.
func (m *moving) page(ctx context.Context, t store.Table, after []any) (rows [][]any, last []any, err error) {
	err = m.from.View(ctx, func(tx store.Tx) error {
		rows, last = nil, nil
		b, err := bulk(tx)
		if err != nil {
			return err
		}
		size := 0
		return b.Rows(t, after, pageRows, func(row []any) (bool, error) {
			last = t.KeyOf(row)
			if !private(t, row) {
				rows, size = append(rows, row), size+weight(row)
			}
			return size < pageBytes, nil
		})
	})
	return rows, last, err
}

// put writes rows, and that they are there, in one transaction.
func (m *moving) put(ctx context.Context, own store.Table, rows [][]any, after []byte) error {
	return m.to.Update(ctx, func(tx store.Tx) error {
		in, err := m.place(tx)
		if err != nil {
			return err
		}
		b, err := bulk(tx)
		if err != nil {
			return err
		}
		if err := b.Load(own, rows); err != nil {
			return err
		}
		in.Table, in.After = own.Name, json.RawMessage(after)
		return setNote(tx, metaIncoming, in)
	})
}
