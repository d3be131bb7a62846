package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/conductor"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/playbooks"
)

// Recording is what really happened to all accounts, to be played against
// playbooks from From to Until. What lies before From is history.
type Recording struct {
	Project   *project.Project
	Playbooks []*playbooks.Playbook // all that are published; the others of the project are not there
	Messages  []holdfast.Message    // by time
	From      time.Time
	Until     time.Time
	Tasks     People
	Moved     func(now time.Time) // the clock moved; nil: nobody watches
}

// Played is what playbooks did in a recording.
type Played struct {
	Enrollments []store.Enrollment // by id
	Lines       []store.Line
	Tasks       []store.Task   // by enrollment, then opening
	Touches     []store.Touch  // by enrollment, then claim
	Owners      map[string]int // how many accounts each of ours has at the end
}

// Play plays a recording: every enrollment through its steps, with caps, rests
// and exits as they bind each other. What never happened in the recording, a
// reply to a mail that was never sent, does not happen here either.
func Play(ctx context.Context, r Recording) (played Played, err error) {
	s := memory.New()
	defer func() { err = errors.Join(err, s.Close()) }() //nolint:contextcheck // Go maps are dropped in no time
	w := &world{
		Case:  Case{Project: r.Project, At: r.From, Until: r.Until, Tasks: r.Tasks, ScanEvery: 24 * time.Hour, everyScan: true, Log: slog.New(slog.DiscardHandler)},
		store: s, clock: clock.NewVirtual(r.From), heads: r.Playbooks, stage: New(r.Project),
	}
	if err := w.crowd(ctx, r); err != nil {
		return played, err
	}
	return w.did(context.WithoutCancel(ctx))
}

// crowd is play for all accounts of a recording.
func (w *world) crowd(ctx context.Context, r Recording) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if err := w.wire(stop); err != nil {
		return err
	}
	w.engine.ended = func(context.Context) {} // others go on
	f := &feed{intake: w.intake, left: r.Messages}
	if err := f.history(ctx, r.From); err != nil {
		return err
	}
	if _, err := w.intake.Publish(ctx, r.Playbooks); err != nil {
		return err
	}
	w.conductor.Sources = []conductor.Source{w.intake, f, &people{world: w}} // as a compressed run has them
	w.conductor.Stall = 2 * time.Minute
	w.conductor.Progress = func(p conductor.Progress) {
		if r.Moved != nil {
			r.Moved(p.To)
		}
	}
	return w.run(ctx, stop)
}

// feed is the recording as a conductor's source. Messages that cannot be taken
// are passed over: whoever read them has said so.
type feed struct {
	intake *intake.Intake
	left   []holdfast.Message
}

// history takes what happened before a moment.
func (f *feed) history(ctx context.Context, from time.Time) error {
	n := f.before(func(m holdfast.Message) bool { return m.At.Before(from) })
	if err := f.take(ctx, n, intake.History); err != nil {
		return err
	}
	return f.intake.MarkTruths(ctx)
}

func (f *feed) before(past func(holdfast.Message) bool) int {
	n := 0
	for n < len(f.left) && past(f.left[n]) {
		n++
	}
	return n
}

func (f *feed) take(ctx context.Context, n int, mode intake.Mode) error {
	_, err := f.intake.Take(ctx, f.left[:n], mode)
	f.left = f.left[n:]
	return err
}

// Next is when the next message happened.
func (f *feed) Next(context.Context) (time.Time, bool, error) {
	if len(f.left) == 0 {
		return time.Time{}, false, nil
	}
	return f.left[0].At, true, nil
}

// Fire takes in what happened by now.
func (f *feed) Fire(ctx context.Context, now time.Time) error {
	return f.take(ctx, f.before(func(m holdfast.Message) bool { return !m.At.After(now) }), intake.Live)
}

// did reads back what playbooks did.
func (w *world) did(ctx context.Context) (p Played, err error) {
	err = w.store.View(ctx, func(tx store.Tx) error {
		if p.Lines, err = tx.Lines(0, 0); err != nil {
			return err
		}
		if p.Owners, err = owners(tx); err != nil {
			return err
		}
		for after := ""; ; {
			page, err := tx.ListEnrollments(store.EnrollmentFilter{After: after})
			if err != nil || len(page) == 0 {
				return err
			}
			p.Enrollments = append(p.Enrollments, page...)
			for _, e := range page {
				tasks, err := tx.TasksOf(e.ID)
				if err != nil {
					return err
				}
				touches, err := tx.TouchesOf(e.ID)
				if err != nil {
					return err
				}
				p.Tasks, p.Touches = append(p.Tasks, tasks...), append(p.Touches, touches...)
			}
			after = page[len(page)-1].ID
		}
	})
	if err != nil {
		return Played{}, fmt.Errorf("read what happened: %w", err)
	}
	return p, nil
}

// owners counts known accounts by whose they are.
func owners(tx store.Tx) (map[string]int, error) {
	of := map[string]int{}
	for after := ""; ; {
		ids, err := tx.AccountIDs(after, 500)
		if err != nil || len(ids) == 0 {
			return of, err
		}
		accounts, err := tx.ManyAccounts(ids)
		if err != nil {
			return nil, err
		}
		for _, a := range accounts {
			if owner, ok := a.Fields["owner"].Value.(string); ok {
				of[owner]++
			}
		}
		after = ids[len(ids)-1]
	}
}
