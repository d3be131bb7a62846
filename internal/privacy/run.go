package privacy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/erased"
	"holdfast/internal/store"
)

// underWay is what an erasure waits for before it looks at what was sent.
const underWay = "a mail to them is on its way; a running holdfast goes on when it has arrived"

// Run goes on with an erasure until it is done, page by page, each a transaction of
// its own. It comes back early, with Waits, when a mail to the person is being sent
// at this moment. Running it again, or somewhere else at once, does no harm.
func (e *Eraser) Run(ctx context.Context, id string) (Report, error) {
	for {
		var r Report
		done := false
		err := e.Store.Update(ctx, func(tx store.Tx) error {
			row, err := tx.Erasure(id)
			if err != nil {
				return fmt.Errorf("read erasure %s: %w", id, err)
			}
			if !row.DoneAt.IsZero() {
				done = true
				r, err = reportOf(row)
				return err
			}
			r, done, err = e.step(tx, row)
			return err
		})
		if err != nil {
			return r, err
		}
		e.poke()
		if done {
			return r, nil
		}
	}
}

// step does one page. over is true when nothing is left to do, or nothing now.
func (e *Eraser) step(tx store.Tx, row store.Erasure) (r Report, over bool, err error) {
	if r, err = reportOf(row); err != nil {
		return r, false, err
	}
	var w work
	if err := json.Unmarshal(row.Work, &w); err != nil {
		return r, false, fmt.Errorf("read erasure %s: %w", row.ID, err)
	}
	marks, err := erased.Read(tx)
	if err != nil {
		return r, false, err
	}
	r.Waits = ""
	for {
		if w.Table == len(store.Texts) {
			row.DoneAt, r.Done = e.Clock.Now(), e.Clock.Now()
			return r, true, put(tx, &row, w, r)
		}
		table := store.Texts[w.Table].Name
		if table == "messages" && !w.Settled {
			busy, err := sending(tx, row.ID, w.Accounts)
			if err != nil {
				return r, false, err
			}
			if busy {
				r.Waits = underWay
				return r, true, put(tx, &row, w, r)
			}
			w.Settled = true
		}
		if w.Account < len(w.Accounts) {
			n, err := e.rid(tx, marks, &w, table, r.Rows)
			if err != nil {
				return r, false, err
			}
			if n == page {
				return r, false, put(tx, &row, w, r)
			}
			w.Account, w.After = w.Account+1, ""
			if n > 0 {
				return r, false, put(tx, &row, w, r)
			}
			continue
		}
		w.Table, w.Account, w.After = w.Table+1, 0, ""
	}
}

// sending reports whether something that is for the person is between its claim and
// the answer of its provider.
func sending(tx store.Tx, mark string, accounts []string) (bool, error) {
	open, err := tx.TouchesIn([]holdfast.TouchState{holdfast.Claimed, holdfast.Sending}, 0)
	if err != nil {
		return false, fmt.Errorf("read touches: %w", err)
	}
	return slices.ContainsFunc(open, func(h store.Touch) bool {
		return h.Contact == mark && !h.HumanWork && erased.Is(h.Recipient) && slices.Contains(accounts, h.Account)
	}), nil
}

// rid takes the person out of a page of a table, and says how many rows it looked at.
func (e *Eraser) rid(tx store.Tx, marks erased.Marks, w *work, table string, count map[string]int) (int, error) {
	rows, err := tx.TextsOf(table, w.Accounts[w.Account], w.After, page)
	if err != nil {
		return 0, err
	}
	s := w.Person.seeker()
	s.marks = marks
	var tasks []changed
	for _, x := range rows {
		w.After = x.Key
		c := s.rid(table, x)
		if c.err != nil {
			return 0, fmt.Errorf("rewrite %s: %w", table, c.err)
		}
		if !c.touched {
			continue
		}
		count[table]++
		if c.drop {
			err = tx.DropText(table, x.Key)
		} else {
			err = tx.PutText(table, store.Text{Key: x.Key, Words: c.words})
		}
		if err == nil && c.giveUp {
			err = giveUp(tx, x.Key)
		}
		if err != nil {
			return 0, err
		}
		if table == "tasks" {
			tasks = append(tasks, changed{x.Key, c.theirs})
		}
	}
	return len(rows), e.closeTasks(tx, tasks)
}

// changed is a task whose words were changed; theirs is that it was about the person.
type changed struct {
	id     string
	theirs bool
}

func (e *Eraser) closeTasks(tx store.Tx, tasks []changed) error {
	for _, k := range tasks {
		if err := e.Tasks.Redraw(tx, k.id); err != nil {
			return err
		}
	}
	for _, k := range tasks {
		if !k.theirs {
			continue
		}
		if err := e.Tasks.Abandon(tx, k.id, "the contact was erased", e.Clock.Now()); err != nil {
			return err
		}
	}
	return nil
}

// Look says what Begin and Run would do, and writes nothing.
func (e *Eraser) Look(ctx context.Context, contact string) (Report, error) {
	f, err := e.find(ctx, contact)
	if err != nil {
		return Report{}, err
	}
	r := Report{Rows: map[string]int{}}
	err = e.Store.View(ctx, func(tx store.Tx) error {
		r = Report{Rows: map[string]int{}}
		marks, err := erased.Read(tx)
		if err != nil {
			return err
		}
		if marks.Any() {
			row, err := was(tx, marks, contact)
			if err == nil {
				r, err = reportOf(row)
				return err
			}
			if !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		c, err := f.known(tx)
		if err != nil {
			return err
		}
		r.Account = c.Account
		return look(tx, marks, c, f, &r)
	})
	return r, err
}

func look(tx store.Tx, marks erased.Marks, c store.Contact, f found, r *Report) error {
	p, accounts := newPerson(c, f.former, f.told...), f.accounts
	p.Mark = marks.Contact(c.ID)
	by, err := tx.ManyContactsAt(p.Addresses)
	if err != nil {
		return fmt.Errorf("find who shares the address: %w", err)
	}
	for _, others := range by {
		for _, o := range others {
			if o.ID != c.ID {
				r.Shared++
				accounts = append(accounts, o.Account)
			}
		}
	}
	s := p.seeker()
	s.marks = marks
	for _, account := range unique(accounts) {
		runs, err := tx.EnrollmentsOf(account, true)
		if err != nil {
			return fmt.Errorf("read enrollments: %w", err)
		}
		for _, run := range runs {
			if p.is(run.Contact) {
				r.Enrollments++
			}
		}
		for _, tt := range store.Texts {
			for after, n := "", page; n == page; {
				rows, err := tx.TextsOf(tt.Name, account, after, page)
				if err != nil {
					return err
				}
				n = len(rows)
				for _, x := range rows {
					after = x.Key
					if s.rid(tt.Name, x).touched {
						r.Rows[tt.Name]++
					}
				}
			}
		}
	}
	return nil
}

func unique(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return slices.Compact(words)
}

// Finisher goes on with erasures that were left under way: by a process that died,
// or for a mail on its way. It is a conductor.Source, for one goroutine.
type Finisher struct {
	Eraser *Eraser
	Every  time.Duration // how long it waits for a mail; 0 is five seconds

	rest time.Time
}

// Next is at once while an erasure is under way, or after the wait for a mail.
func (f *Finisher) Next(ctx context.Context) (time.Time, bool, error) {
	open, err := f.open(ctx)
	return f.rest, len(open) > 0, err
}

func (f *Finisher) open(ctx context.Context) (open []store.Erasure, err error) {
	err = f.Eraser.Store.View(ctx, func(tx store.Tx) error {
		open, err = tx.Erasures(true, page)
		return err
	})
	return open, err
}

// Fire goes on with what is under way.
func (f *Finisher) Fire(ctx context.Context, now time.Time) error {
	open, err := f.open(ctx)
	if err != nil {
		return err
	}
	f.rest = time.Time{}
	for _, row := range open {
		r, err := f.Eraser.Run(ctx, row.ID)
		if err != nil {
			return err
		}
		if r.Waits == "" {
			if c, ok := f.Eraser.Store.(store.Compacter); ok {
				if err := c.Compact(false); err != nil {
					return err
				}
			}
			continue
		}
		wait := f.Every
		if wait == 0 {
			wait = 5 * time.Second
		}
		f.rest = now.Add(wait)
	}
	return nil
}
