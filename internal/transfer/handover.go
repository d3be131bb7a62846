package transfer

import (
	"context"
	"errors"
	"fmt"

	"holdfast"
	"holdfast/internal/store"
)

// compare reads both stores whole.
func (m *moving) compare(ctx context.Context, tables []store.Table, own map[string]store.Table) error {
	for _, t := range tables {
		there, err := count(ctx, m.from, t, m.o.Plain)
		if err != nil {
			return err
		}
		here, err := count(ctx, m.to, own[t.Name], nil)
		if err != nil {
			return err
		}
		if there != here {
			e := holdfast.Errorf(holdfast.Conflict, "table %s is not the same in both stores: %d rows with checksum %.12s there, %d with %.12s here", t.Name, there.Rows, there.Sum, here.Rows, here.Sum)
			e.Hint = "holdfast move --cancel, then begin again"
			return e
		}
		m.done.Tables = append(m.done.Tables, here)
	}
	return m.to.Update(ctx, func(tx store.Tx) error {
		in, err := m.place(tx)
		if err != nil {
			return err
		}
		b, err := bulk(tx)
		if err != nil {
			return err
		}
		in.Whole, in.Tables = true, m.done.Tables
		return errors.Join(b.Loaded(), setNote(tx, metaIncoming, in))
	})
}

// count reads a table and sums its rows up. plain is how the other store keeps texts.
func count(ctx context.Context, st store.Store, t store.Table, plain func(string) string) (Counted, error) {
	var s sum
	err := st.View(ctx, func(tx store.Tx) error {
		s = sum{}
		b, err := bulk(tx)
		if err != nil {
			return err
		}
		return b.Rows(t, nil, 0, func(row []any) (bool, error) {
			if private(t, row) {
				return true, nil
			}
			for i, v := range row {
				if text, ok := v.(string); ok && plain != nil {
					row[i] = plain(text)
				}
			}
			text, err := encode(row)
			if err != nil {
				return false, err
			}
			s.add(text)
			return true, ctx.Err()
		})
	})
	if err != nil {
		return Counted{}, fmt.Errorf("count table %s: %w", t.Name, err)
	}
	return Counted{Table: t.Name, Rows: s.rows, Sum: s.String()}, nil
}

// handOver starts the enrollments anew where the engine is another one, and opens
// the new store.
func (m *moving) handOver(ctx context.Context) error {
	var was string
	err := m.to.View(ctx, func(tx store.Tx) (err error) {
		was, err = tx.MetaGet(MetaEngine)
		return err
	})
	if err != nil {
		return err
	}
	if m.o.Engine == "" {
		m.o.Engine = was
	}
	if m.done.Kept = was == m.o.Engine; !m.done.Kept {
		if m.done.Started, err = restart(ctx, m.to); err != nil {
			return err
		}
	}
	return m.to.Update(ctx, func(tx store.Tx) error {
		if _, err := m.place(tx); err != nil {
			return err
		}
		var rows int64
		for _, t := range m.done.Tables {
			rows += t.Rows
		}
		details := map[string]any{"rows": rows, "started": m.done.Started}
		return errors.Join(store.Audited(ctx, tx, m.o.Now, "", "store.move", "", details), leaveEngine(tx, m.o.Engine), tx.MetaSet(metaArrived, m.id), tx.MetaSet(metaIncoming, ""))
	})
}

// leave tells the old store that all is done.
func (m *moving) leave(ctx context.Context) error {
	return m.from.Update(ctx, func(tx store.Tx) error {
		g, err := GoneOf(tx)
		if err != nil || g == nil || g.Done {
			return err
		}
		g.Done, g.At = true, m.o.Now
		return setNote(tx, metaMoved, g)
	})
}
