package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/clock"
	"holdfast/internal/config"
	"holdfast/internal/plan"
	"holdfast/internal/project"
	"holdfast/internal/release"
	"holdfast/internal/store"
	"holdfast/internal/temporal"
)

// applyOptions are the flags of what writes.
type applyOptions struct {
	shipOptions

	dryRun bool
	batch  int
	wait   time.Duration
}

func (o *applyOptions) flags(c *cobra.Command, defaultDir string) {
	o.shipOptions.flags(c, defaultDir)
	f := c.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "show the plan and stop")
	f.IntVar(&o.batch, "batch", 100, "with --move: enrollments in one transaction")
	f.DurationVar(&o.wait, "wait", 30*time.Second, "how long to wait for a running holdfast to take the release over, and for enrollments to move")
}

func applyCommand(s Streams) *cobra.Command {
	var o applyOptions
	var file string
	c := &cobra.Command{
		Use:   "apply [DIR]",
		Short: "Publish a project as a new release; a running server takes it over by itself",
		Long: `Publishes the project in DIR (default: .) as a release in its data directory, and
shows its plan first. A server that runs on the directory takes it over within a
second or two; when none runs, apply does so itself. Running enrollments keep their
version unless --move is given.

Applying what is in force already changes nothing. A run that was killed is simply
run again: it goes on where it stopped, and two at once do no harm. With --plan,
nothing is applied but what that plan was made from.`,
		Example: "  holdfast apply retention --dir /var/lib/holdfast\n  holdfast apply --move --where \"account.arr < 50000\"\n  holdfast apply --plan plan.json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sh, err := newShipment(s, &o.shipOptions, args)
			if err != nil {
				return err
			}
			if file == "" {
				return sh.apply(cmd.Context(), o, nil)
			}
			saved, err := readPlan(file)
			if err != nil {
				return err
			}
			if o.move || o.choice.Stop {
				return holdfast.Errorf(holdfast.Invalid, "the plan says who is moved: leave --move and --stop to holdfast plan --out")
			}
			sh.choice = saved.Move
			return sh.apply(cmd.Context(), o, &saved)
		},
	}
	o.flags(c, ".holdfast in DIR")
	c.Flags().StringVar(&file, "plan", "", "apply only what this plan, written by holdfast plan --out, was made from")
	return c
}

// applied is what apply did, for programs.
type applied struct {
	Release int64         `json:"release"`
	Fresh   bool          `json:"fresh"` // false: it was in force already
	Moves   release.Moved `json:"moves"`
	Left    int           `json:"left"` // asked to move, and not moved yet
	Plan    plan.Plan     `json:"plan"`
}

// apply publishes the shipment and moves whom it is to move. saved is the plan
// that it must agree with.
func (sh *shipment) apply(ctx context.Context, o applyOptions, saved *plan.Plan) error {
	p, err := sh.plan(ctx)
	if err != nil {
		return err
	}
	base := p.Release
	if saved != nil {
		if base = saved.Release; saved.Digest != p.Digest {
			e := holdfast.Errorf(holdfast.Conflict, "the project has changed since the plan was made")
			e.Hint = "plan again"
			return e
		}
	}
	if !sh.o.json || o.dryRun {
		if err := sh.show(p); err != nil {
			return err
		}
	}
	if len(p.Problems) > 0 {
		if sh.o.json && !o.dryRun {
			return errors.Join(sh.show(p), errFindings)
		}
		return errFindings
	}
	if o.dryRun {
		return nil
	}
	done := applied{Plan: p}
	if err := sh.ship(ctx, o, base, &done); err != nil {
		return err
	}
	if !sh.o.json {
		return nil
	}
	enc := json.NewEncoder(sh.s.Out)
	enc.SetIndent("", "  ")
	return enc.Encode(done)
}

// ship writes the release, has it taken over, and moves enrollments.
func (sh *shipment) ship(ctx context.Context, o applyOptions, base int64, done *applied) (err error) {
	st, err := sh.openOrMake(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	by := config.FromEnvironment().By
	if by == "" {
		by = "someone"
	}
	stamp := release.Stamp{By: by, Source: sh.source, Of: sh.of, At: realClock.Now()}
	if done.Release, done.Fresh, err = release.Put(ctx, st, sh.project, base, stamp); err != nil {
		return err
	}
	held, err := sh.takenOver(ctx, st, done.Release, o.wait)
	if err != nil {
		return err
	}
	if done.Fresh {
		fmt.Fprintf(sh.text(), "release %d is in force\n", done.Release)
	} else {
		fmt.Fprintf(sh.text(), "nothing to change: release %d is in force\n", done.Release)
	}
	if !sh.choice.Any() && !sh.choice.Stop {
		return nil
	}
	m := &release.Migration{
		Store: st, Project: sh.project, Release: done.Release, Choice: sh.choice, Batch: o.batch, Now: realClock.Now,
		Progress: func(n release.Moved) { sh.say.progress("looking at enrollments", n.Looked, len(done.Plan.Enrollments)) },
	}
	done.Moves, err = m.Run(ctx)
	sh.say.clear()
	if err != nil {
		return err
	}
	if done.Left, err = sh.moved(ctx, m, held, o.wait); err != nil {
		return err
	}
	sh.report(*done, held)
	return nil
}

// text is where words for people go: nowhere, when programs read.
func (sh *shipment) text() interface{ Write([]byte) (int, error) } {
	if sh.o.json {
		return discard{}
	}
	return sh.s.Out
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// openOrMake opens the data directory, and makes it for a first release.
func (sh *shipment) openOrMake(ctx context.Context) (store.Store, error) {
	st, err := sh.open(ctx)
	if err != nil || st != nil {
		return st, err
	}
	a, err := app.Open(ctx, app.Config{Dir: sh.data, Project: sh.project, Env: config.FromEnvironment(), Log: slog.New(slog.DiscardHandler), Offline: true})
	if err != nil {
		return nil, err
	}
	if err := a.Close(); err != nil {
		return nil, err
	}
	return app.OpenStore(ctx, sh.data)
}

// takenOver waits until release n is in force in the process that holds the data
// directory, or makes it so when none does; held tells which.
func (sh *shipment) takenOver(ctx context.Context, st store.Store, n int64, patience time.Duration) (held bool, err error) {
	began := realClock.Now()
	until := began.Add(patience)
	apart := config.FromEnvironment().Elsewhere()
	for {
		var force, taken int64
		var refused string
		published := false
		err := st.View(ctx, func(tx store.Tx) (err error) {
			if force, err = release.Force(tx); err != nil {
				return err
			}
			if taken, refused, err = release.Taken(tx); err != nil {
				return err
			}
			heads, err := tx.Heads()
			published = maps.Equal(heads, digests(sh.project))
			return err
		})
		switch {
		case err != nil:
			return false, err
		case force != n:
			return false, holdfast.Errorf(holdfast.Conflict, "release %d was applied meanwhile; release %d is stored and not in force", force, n)
		case taken == n && published:
			sh.others = held && apart
			return held || sh.isHeld(), nil
		case refused != "":
			return false, holdfast.Errorf(holdfast.Conflict, "the running holdfast did not take release %d over: %s", n, refused)
		}
		if apart && realClock.Now().Sub(began) < othersFirst {
			held = true // by those who work elsewhere, if there are any
			if err := clock.Sleep(ctx, time.Second/5); err != nil {
				return held, err
			}
			continue
		}
		held = false
		err = app.TakeOver(ctx, sh.data, sh.project, config.FromEnvironment(), slog.New(slog.DiscardHandler))
		if err == nil {
			continue
		}
		if !temporal.IsHeld(err) {
			return false, fmt.Errorf("release %d is stored, but was not taken over: %w", n, err)
		}
		held = true
		if !realClock.Now().Before(until) {
			e := holdfast.Errorf(holdfast.Conflict, "release %d is stored, and the process that holds %s has not taken it over yet", n, sh.data)
			e.Hint = "it is taken over when a holdfast server starts; run this again then"
			return held, e
		}
		if err := clock.Sleep(ctx, time.Second/5); err != nil {
			return held, err
		}
	}
}

// digests are the heads that a project makes.
func digests(p *project.Project) map[string]string {
	heads := map[string]string{}
	for _, b := range p.Playbooks {
		heads[b.Name] = b.Digest
	}
	return heads
}

// othersFirst is for how long servers on other machines are waited for, which look
// for a new release every second. After that it is taken over here: twice does no harm.
const othersFirst = 4 * time.Second

// isHeld reports whether a process runs on the data directory or, where nothing is
// in one, whether a server took the release over.
func (sh *shipment) isHeld() bool {
	if config.FromEnvironment().Elsewhere() {
		return sh.others
	}
	d, err := temporal.OpenDir(sh.data)
	if err != nil {
		return temporal.IsHeld(err)
	}
	_ = d.Close() // it was free
	return false
}

// moved waits until nobody has a row to move unread, while somebody is there to
// read them; left is how many have.
func (sh *shipment) moved(ctx context.Context, m *release.Migration, held bool, patience time.Duration) (left int, err error) {
	until := realClock.Now().Add(patience)
	most := 0
	for {
		if left, err = m.Left(ctx); err != nil {
			return left, err
		}
		most = max(most, left)
		if left == 0 || !held || !realClock.Now().Before(until) || !sh.isHeld() {
			sh.say.clear()
			return left, nil
		}
		sh.say.progress("moving", most-left, most)
		if err := clock.Sleep(ctx, time.Second/4); err != nil {
			return left, err
		}
	}
}

func (sh *shipment) report(done applied, held bool) {
	n := done.Moves
	said := fmt.Sprintf("%d asked to move", n.Asked)
	if n.Waiting > 0 {
		said += fmt.Sprintf(", %d asked before", n.Waiting)
	}
	if n.Blocked > 0 {
		said += fmt.Sprintf(", %d blocked: they keep their version, and can be moved later by the same command", n.Blocked)
	}
	if n.Stopped > 0 {
		said += fmt.Sprintf(", %d stopped", n.Stopped)
	}
	switch {
	case done.Left == 0 && n.Asked+n.Waiting > 0:
		said += "; all have"
	case done.Left > 0 && held:
		said += fmt.Sprintf("; %d have not yet, and will as the server comes to them", done.Left)
	case done.Left > 0:
		said += "; they move when holdfast runs on this directory"
	}
	fmt.Fprintln(sh.text(), said)
}

// restore is the project of a stored release.
func restore(ctx context.Context, st store.Store, n int64) (p *project.Project, err error) {
	err = st.View(ctx, func(tx store.Tx) error {
		p, err = release.Open(tx, n)
		return err
	})
	return p, err
}
