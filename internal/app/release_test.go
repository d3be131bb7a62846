package app_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/activities"
	"holdfast/internal/app"
	"holdfast/internal/clock"
	"holdfast/internal/diag"
	"holdfast/internal/intake"
	"holdfast/internal/plan"
	"holdfast/internal/project"
	"holdfast/internal/release"
	"holdfast/internal/store"
)

// crowded is hostile for so many accounts, each of which opens a ticket.
func crowded(n int) string {
	head, _, _ := strings.Cut(hostile, "-- accounts.csv --")
	var out strings.Builder
	out.WriteString(head + "-- accounts.csv --\nid,name,status,country,timezone,owner\n")
	for i := range n {
		fmt.Fprintf(&out, "a%03d,Account %d,active,DE,Europe/Berlin,quentin\n", i, i)
	}
	out.WriteString("-- contacts.csv --\nid,account,email,first_name,last_name,role\n")
	for i := range n {
		fmt.Fprintf(&out, "c%03d,a%03d,c%03d@customers.example,Kim,Doe,champion\n", i, i, i)
	}
	out.WriteString("-- events.jsonl --\n")
	for i := range n {
		fmt.Fprintf(&out, `{"type":"track","event":"Support Ticket Opened","messageId":"m%d","groupId":"a%03d","timestamp":"2026-03-%02dT10:00:00Z"}`+"\n", i, i, 2+i%5)
	}
	return out.String()
}

var releaseFull = flag.Bool("release-full", false, "move 300 enrollments on the embedded engine instead of 40")

// TestARunningServerTakesAReleaseOverAndEverybodyMoves is a deploy on the
// embedded engine: many sleep on version 1, a release is applied beside the
// running process, which takes it over by itself; all move as planned, and each
// gets each touch once. The histories hold no version's text.
func TestARunningServerTakesAReleaseOverAndEverybodyMoves(t *testing.T) {
	t.Parallel()
	n := 40
	if *releaseFull {
		n = 300
	}
	w := newWorld(t, crowded(n))
	a := w.follow(8)
	w.perform(a)
	old := w.project.Playbook("check-in").Digest

	next := w.edited(t,
		"{id: patience, wait: 3bd}", "{id: patience, wait: 5bd}",
		"  - {id: call,", "  - {id: news, slack: \"#success\", text: news}\n  - {id: call,",
		"{id: again,", "{id: second, was: again,",
	)
	p, err := plan.Read(t.Context(), plan.Reading{
		Store: a.Store, Project: next, Move: plan.Choice{All: true}, Now: a.Clock.Now(), Current: release.Current,
		Place: activities.ProjectOf(next).Place, Migrate: activities.MigrateSignal,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Enrollments) != n || p.Moves() != n {
		t.Fatalf("%d running, %d to move; want %d", len(p.Enrollments), p.Moves(), n)
	}
	number, _, err := release.Put(t.Context(), a.Store, next, p.Release, release.Stamp{By: "test", At: a.Clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	w.taken(a, number)
	m := &release.Migration{Store: a.Store, Project: next, Release: number, Choice: plan.Choice{All: true}, Batch: 7, Now: a.Clock.Now}
	if moved, err := m.Run(t.Context()); err != nil || moved.Asked != n {
		t.Fatalf("%+v, %v", moved, err)
	}
	if err := a.Close(); err != nil { // the moves are read in another life
		t.Fatal(err)
	}

	a = w.follow(60)
	w.perform(a)
	wanted := map[string]plan.Enrollment{}
	for _, e := range p.Enrollments {
		wanted[e.ID] = e
	}
	err = a.Store.View(t.Context(), func(tx store.Tx) error {
		es, err := tx.ListEnrollments(store.EnrollmentFilter{})
		for _, e := range es {
			touches, err := tx.TouchesOf(e.ID)
			if err != nil {
				return err
			}
			got := map[string]int{}
			for _, h := range touches {
				if h.Channel == "email" || h.Path == "news" {
					got[h.Path+" "+string(h.State)]++
				}
			}
			again := got["second sent"] + got["again sent"]
			news := map[bool]int{true: 1}[len(wanted[e.ID].Runs) == 1]
			if e.Digest == old || e.Outcome != "told" || got["ask sent"] != 1 || again != 1 || got["news sent"] != news || len(got) != 2+news {
				t.Errorf("%s %s %s in version %s: touches %v, the plan said %+v", e.ID, e.Status, e.Outcome, e.Digest, got, wanted[e.ID])
			}
		}
		if len(es) != n {
			t.Errorf("%d enrollments, want %d", len(es), n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for id := range wanted {
		if err := a.Ended(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		text, err := a.History(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, next.Playbook("check-in").Digest) || strings.Contains(text, "patience, wait") {
			t.Errorf("the history of %s does not show that it moved, or shows too much:\n%s", id, text)
		}
		break
	}
}

// follow opens the directory as a server does, on a compressed clock.
func (w *world) follow(days int) *app.App {
	w.t.Helper()
	return w.open(days, func(c *app.Config) { c.Follow, c.Stamp = true, release.Stamp{By: "the test"} })
}

// perform takes the messages in and lets time pass until the app's end.
func (w *world) perform(a *app.App) {
	w.t.Helper()
	ctx, stop := context.WithTimeout(w.t.Context(), 5*time.Minute)
	defer stop()
	var total intake.Result
	feed, err := a.Feed(ctx, w.msgs, &total, func(int, int) {})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := a.Start(ctx); err != nil {
		w.t.Fatal(err)
	}
	if err := a.Perform(ctx, func(store.Line) error { return nil }, feed); err != nil {
		w.t.Fatal(err)
	}
}

// taken waits until the process says that it took a release over.
func (w *world) taken(a *app.App, n int64) {
	w.t.Helper()
	for {
		var got int64
		var refused string
		err := a.Store.View(w.t.Context(), func(tx store.Tx) (err error) {
			got, refused, err = release.Taken(tx)
			return err
		})
		if err != nil || refused != "" {
			w.t.Fatal(err, refused)
		}
		if got == n {
			return
		}
		if err := clock.Sleep(w.t.Context(), 50*time.Millisecond); err != nil {
			w.t.Fatal(err)
		}
	}
}

// edited is the project with the texts of its playbook replaced, in pairs.
func (w *world) edited(t *testing.T, pairs ...string) *project.Project {
	t.Helper()
	file := filepath.Join(w.project.Dir, "playbooks", "check-in.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	p, found, err := project.Load(w.project.Dir)
	if err != nil || diag.Failed(found) {
		t.Fatal(err, found)
	}
	return p
}

// A release that this binary cannot read is refused in words, and the one before
// stays in force.
func TestAReleaseThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hostile)
	a := w.follow(1)
	w.perform(a)
	broken := *w.project
	broken.Files = map[string]string{"holdfast.yaml": "project: hostile\nnonsense: yes\n"}
	broken.Playbooks = nil
	n, _, err := release.Put(t.Context(), a.Store, &broken, 1, release.Stamp{By: "a newer holdfast", At: a.Clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for refused := ""; refused == ""; {
		err := a.Store.View(t.Context(), func(tx store.Tx) (err error) {
			_, refused, err = release.Taken(tx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if refused != "" && !strings.Contains(refused, fmt.Sprintf("this holdfast finds a mistake in release %d", n)) {
			t.Errorf("refused because %q", refused)
		}
		if err := clock.Sleep(t.Context(), 50*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
}

// A restart changes no playbook, and says all the same which are in force.
func TestTheLogNamesThePlaybooksInForce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hostile)
	a := w.follow(1)
	_, _, err := release.Put(t.Context(), a.Store, w.project, 0, release.Stamp{By: "the test", At: a.Clock.Now()})
	if err := errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		told := &buffer{}
		if err := app.TakeOver(t.Context(), w.dir, w.project, w.env, slog.New(slog.NewJSONHandler(told, nil))); err != nil {
			t.Fatal(err)
		}
		if said := told.String(); !strings.Contains(said, `"a release is in force","release":1,"playbooks":["check-in"`) {
			t.Errorf("it says %s", said)
		}
	}
}
