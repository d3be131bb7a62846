package privacy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/privacy"
	"holdfast/internal/project"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/rules"
)

// An announcement that is over stays for as long as events do, and goes in pages; one
// that is not stays however old it is.
func TestAnAnnouncementThatIsOverGoesWithTheEvents(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) store.Store{
		"memory": func(*testing.T) store.Store { return memory.New() },
		"sqlite": func(t *testing.T) store.Store { st, _ := sqliteFile(t); return st },
		"postgres": func(t *testing.T) store.Store {
			st, err := postgres.Open(t.Context(), pgtest.Start(t).Database(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = st.Close() })
			return st
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			announcementsGo(t, newWorld(t, open(t)))
		})
	}
}

func announcementsGo(t *testing.T, w *world) {
	w.take(intake.History, holdfast.Message{Kind: holdfast.Group, Account: "acme", Props: map[string]any{"name": "Acme"}})
	keep := project.Retention{Events: span(t, "400d")}
	p := &privacy.Pruner{Store: w.store, Settings: func() (project.Retention, *rules.Set) { return keep, w.rules }}
	sweep := func() (gone int, left string) {
		before := len(w.announcements())
		for fires := 0; ; fires++ {
			next, _, err := p.Next(t.Context())
			if err != nil || fires > 100 {
				t.Fatalf("%d pages: %v", fires, err)
			}
			if next.After(w.clock.Now()) {
				break
			}
			if err := p.Fire(t.Context(), w.clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
		var names []string
		for _, a := range w.announcements() {
			names = append(names, a.Message.ID)
		}
		return before - len(names), strings.Join(names, " ")
	}
	older := func() int {
		counts, err := privacy.Older(t.Context(), w.store, keep, w.rules, w.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return counts["announcements"]
	}
	var many []holdfast.Message
	for i := range store.PruneRows + 100 {
		many = append(many, holdfast.Message{ID: fmt.Sprint("old-", i), Kind: holdfast.Track, Event: "Shipped"})
	}
	w.take(intake.Live, many...)
	w.fire()
	w.take(intake.Live, holdfast.Message{ID: "underway", Kind: holdfast.Track, Event: "Shipped"})
	for _, a := range w.announcements() {
		if over := a.Message.ID != "underway"; (a.Phase == intake.Done) != over || a.Over.IsZero() == over {
			t.Fatalf("%s is %s, over %s", a.Message.ID, a.Phase, a.Over)
		}
	}
	w.clock.Move(w.clock.Now().AddDate(0, 0, 399))
	if n, _ := sweep(); n != 0 || older() != 0 {
		t.Errorf("%d go before their time, %d are old", n, older())
	}
	w.clock.Move(w.clock.Now().AddDate(0, 0, 2))
	if n := older(); n != len(many) {
		t.Errorf("%d are old, want %d", n, len(many))
	}
	if n, left := sweep(); n != len(many) || left != "underway" || older() != 0 {
		t.Errorf("%d go, and %q is left; %d are old", n, left, older())
	}
	// Its end counts, and not when it came.
	all := w.announcements()
	if _, err := intake.StopAnnouncement(t.Context(), w.store, all[0].Seq, "Mira", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.clock.Move(w.clock.Now().AddDate(0, 0, 399))
	if n, left := sweep(); n != 0 || left != "underway" {
		t.Errorf("one that was stopped a year ago goes: %d, %q", n, left)
	}
	w.clock.Move(w.clock.Now().Add(2 * 24 * time.Hour))
	if n, left := sweep(); n != 1 || left != "" {
		t.Errorf("one that was stopped long ago stays: %q", left)
	}
}

func (w *world) announcements() []intake.Announcement {
	w.t.Helper()
	all, err := intake.Announcements(w.t.Context(), w.store)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// fire lets the agenda do what is due.
func (w *world) fire() {
	w.t.Helper()
	if err := w.intake.Fire(w.t.Context(), w.clock.Now()); err != nil {
		w.t.Fatal(err)
	}
}
