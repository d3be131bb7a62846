package transfer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// RestoreOptions say how. Name and Now are required.
type RestoreOptions struct {
	Name    string             // of the archive, in errors
	Now     time.Time          // by the machine's clock
	Running bool               // sending goes on at once; else it is stopped until somebody resumes it
	Accept  func(Header) error // asked before anything is written; may be nil
	Told    Progress
}

// Restored is what was done.
type Restored struct {
	Made    time.Time `json:"made"`    // when the archive was
	Schema  int       `json:"schema"`  // of the archive
	Tables  []Counted `json:"tables"`  // as the archive has them
	Unknown int       `json:"unknown"` // touches that were on their way, and are unknown now
	Started int       `json:"started"` // enrollments that run, and begin anew where they stood
	Stopped bool      `json:"stopped"` // nothing is sent until holdfast resume-all
}

// stoppedBy is who stopped all sending in a restored store.
const stoppedBy = "holdfast restore: check that nothing else sends for these accounts"

// Restore fills an empty database from an archive. Until all is there no process
// uses it; after an error it is as it was, empty or without tables. What a killed
// process left behind is cleared by the next restore. Touches that were being sent become unknown
// (whatever became of them is not in the archive), enrollments that run begin anew at
// their state in whichever engine comes next, and nothing is sent until somebody
// resumes it.
func Restore(ctx context.Context, into Database, from io.Reader, o RestoreOptions) (*Restored, error) {
	version, newest, err := into.Schema(ctx)
	if err != nil {
		return nil, err
	}
	r, err := openArchive(o.Name, from, newest)
	if err != nil {
		return nil, err
	}
	if o.Accept != nil {
		if err := o.Accept(r.header); err != nil {
			return nil, err
		}
	}
	w := &restoring{into: into, r: r, o: o, id: rand.Text(), done: &Restored{Made: r.header.Made, Schema: r.header.Schema}}
	if version > 0 {
		if w.made, err = w.sweep(ctx); err != nil {
			return nil, err
		}
	}
	if w.made = w.made || version == 0; !w.made && version > r.header.Schema {
		e := holdfast.Errorf(holdfast.Conflict, "the database's schema is version %d already, and the archive's is %d", version, r.header.Schema)
		e.Hint = "make the database anew: a restore makes its tables, and brings them up to date afterwards"
		return nil, e
	}
	if err := into.Migrate(ctx, r.header.Schema); err != nil {
		return nil, err
	}
	if err := w.claim(ctx); err != nil {
		return nil, errors.Join(err, w.clear(ctx))
	}
	if err := w.run(ctx, newest); err != nil {
		return nil, errors.Join(err, w.clear(ctx))
	}
	return w.done, nil
}

// restoring is a restore on its way.
type restoring struct {
	into Database
	r    *reader
	o    RestoreOptions
	id   string
	made bool                   // the database had no tables before
	own  map[string]store.Table // of the database, by name; nil before it is claimed
	done *Restored
}

// sweep drops what a killed restore left, if it had made the tables: those of this
// archive may be older.
func (w *restoring) sweep(ctx context.Context) (swept bool, err error) {
	err = w.into.Update(ctx, func(tx store.Tx) error {
		swept = false
		in, err := incomingOf(tx)
		if err != nil || in == nil || in.What != "restore" || !in.Made {
			return err
		}
		b, err := bulk(tx)
		if err != nil {
			return err
		}
		swept = true
		return b.Unmake()
	})
	return swept, err
}

// claim takes the database: it must be empty, or hold what a restore left.
func (w *restoring) claim(ctx context.Context) error {
	return w.into.Update(ctx, func(tx store.Tx) error {
		b, err := bulk(tx)
		if err != nil {
			return err
		}
		if schema, err := b.Shape(); err != nil {
			return err
		} else if schema != w.r.header.Schema {
			return holdfast.Errorf(holdfast.Conflict, "another process has brought the database's schema to version %d meanwhile", schema)
		}
		in, err := incomingOf(tx)
		if err != nil {
			return err
		}
		if in != nil && in.What == "restore" {
			if err := b.Clear(); err != nil {
				return err
			}
		}
		tables, err := b.Tables()
		if err != nil {
			return err
		}
		if err := vacant(b, tables); err != nil {
			return err
		}
		w.own = map[string]store.Table{}
		for _, t := range tables {
			w.own[t.Name] = t
		}
		return setNote(tx, metaIncoming, incoming{ID: w.id, What: "restore", At: w.o.Now, Made: w.made})
	})
}

// vacant refuses a database that holds anything.
func vacant(b store.Bulk, tables []store.Table) error {
	for _, t := range tables {
		err := b.Rows(t, nil, 1, func([]any) (bool, error) {
			e := holdfast.Errorf(holdfast.Conflict, "the database is not empty: table %s has rows", t.Name)
			e.Hint = "name an empty one; nothing is ever merged"
			return false, e
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// still fails when another restore has taken the database meanwhile.
func (w *restoring) still(tx store.Tx) error {
	in, err := incomingOf(tx)
	if err == nil && (in == nil || in.ID != w.id) {
		err = holdfast.Errorf(holdfast.Conflict, "another process has begun to restore into this database")
	}
	return err
}

func (w *restoring) run(ctx context.Context, newest int) error {
	var total int64
	for _, t := range w.r.header.Tables {
		c, err := w.table(ctx, t)
		if err != nil {
			return err
		}
		w.done.Tables, total = append(w.done.Tables, c), total+c.Rows
	}
	if err := w.r.end(total); err != nil {
		return err
	}
	if err := w.into.Migrate(ctx, newest); err != nil {
		return err
	}
	if err := w.into.Update(ctx, loaded); err != nil { // from here on, numbers are given again
		return err
	}
	var err error
	if w.done.Unknown, err = doubt(ctx, w.into, w.o.Now); err != nil {
		return err
	}
	if w.done.Started, err = restart(ctx, w.into); err != nil {
		return err
	}
	return w.into.Update(ctx, func(tx store.Tx) error {
		details := map[string]any{"made": w.done.Made, "rows": total, "started": w.done.Started, "unknown": w.done.Unknown}
		return errors.Join(w.finish(tx), store.Audited(ctx, tx, w.o.Now, "", "store.restore", "", details))
	})
}

func loaded(tx store.Tx) error {
	b, err := bulk(tx)
	if err != nil {
		return err
	}
	return b.Loaded()
}

// table loads the next table, page by page.
func (w *restoring) table(ctx context.Context, t store.Table) (Counted, error) {
	into, err := w.fits(t)
	if err != nil {
		return Counted{}, err
	}
	var page [][]any
	size, total := 0, int64(0)
	flush := func() error {
		if len(page) == 0 {
			return nil
		}
		err := w.into.Update(ctx, func(tx store.Tx) error {
			b, err := bulk(tx)
			if err != nil {
				return err
			}
			if err := w.still(tx); err != nil {
				return err
			}
			return b.Load(into, page)
		})
		if err != nil {
			return fmt.Errorf("restore up to line %d of %s: %w", w.r.n, w.o.Name, err)
		}
		total += int64(len(page))
		page, size = nil, 0
		w.o.Told.tell(t.Name, total, false)
		return nil
	}
	c, err := w.r.rows(t, func(row []any) error {
		page, size = append(page, row), size+weight(row)
		if len(page) < pageRows && size < pageBytes {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err == nil {
		w.o.Told.tell(t.Name, total, true)
	}
	return c, err
}

// fits is the database's table for one of the archive, with the archive's columns.
func (w *restoring) fits(t store.Table) (store.Table, error) {
	own, ok := w.own[t.Name]
	if !ok {
		return own, w.r.wrong("table %s is none of schema %d", t.Name, w.r.header.Schema)
	}
	into := store.Table{Name: t.Name}
	for _, c := range t.Columns {
		found := false
		for _, mine := range own.Columns {
			if mine.Name == c.Name && mine.Kind == c.Kind {
				into.Columns, found = append(into.Columns, mine), true
			}
		}
		if !found {
			return own, w.r.wrong("column %s (%s) of table %s is none of schema %d", c.Name, c.Kind, t.Name, w.r.header.Schema)
		}
	}
	return into, nil
}

// finish makes the store one that may be used.
func (w *restoring) finish(tx store.Tx) error {
	if err := w.still(tx); err != nil {
		return err
	}
	if err := leaveEngine(tx, ""); err != nil {
		return err
	}
	w.done.Stopped = !w.o.Running && w.r.header.Clock != "virtual"
	if w.done.Stopped {
		was, err := tx.MetaGet(store.StopAllKey)
		if err != nil {
			return err
		}
		if was == "" {
			if err := tx.MetaSet(store.StopAllKey, stoppedBy); err != nil {
				return err
			}
		}
	}
	return tx.MetaSet(metaIncoming, "")
}

// clear leaves the database as it was: without tables, or with empty ones. What
// another process has taken meanwhile it leaves alone.
func (w *restoring) clear(ctx context.Context) error {
	err := w.into.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		b, err := bulk(tx)
		if err != nil {
			return err
		}
		in, err := incomingOf(tx)
		if err != nil {
			return err
		}
		mine := in != nil && in.ID == w.id
		if in == nil && w.made { // it was not claimed, and may be in use
			tables, err := b.Tables()
			if err != nil {
				return err
			}
			mine = vacant(b, tables) == nil
		}
		switch {
		case mine && w.made:
			return b.Unmake()
		case mine:
			return b.Clear()
		case w.own != nil:
			return w.still(tx)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("clear what was restored: %w", err)
	}
	return nil
}
