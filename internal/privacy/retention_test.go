package privacy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/intake"
	"holdfast/internal/privacy"
	"holdfast/internal/project"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/rules"
)

func span(t *testing.T, text string) calendar.Span {
	t.Helper()
	s, err := calendar.ParseSpan(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsOldIsRemovedOnceADayAndWhatRunsKeepsIt(t *testing.T) {
	t.Parallel()
	w := lived(t, memory.New())
	keep := project.Retention{Events: span(t, "400d"), Messages: span(t, "1y"), Timeline: span(t, "1y"), Delivered: span(t, "7d"), Audit: span(t, "1y")}
	p := &privacy.Pruner{Store: w.store, Settings: func() (project.Retention, *rules.Set) { return keep, w.rules }}
	sweep := func() (fires int) {
		for {
			next, _, err := p.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if next.After(w.clock.Now()) {
				return fires
			}
			if fires++; fires > 100 {
				t.Fatal("a sweep never ends")
			}
			if err := p.Fire(t.Context(), w.clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	older := func() string {
		counts, err := privacy.Older(t.Context(), w.store, keep, w.rules, w.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(counts)
	}
	for _, e := range w.runs() {
		if err := w.store.Update(t.Context(), func(tx store.Tx) error { return tx.Delivered(e.ID, 1000, "ok") }); err != nil {
			t.Fatal(err)
		}
	}
	if n := sweep(); n == 0 || sweep() != 0 {
		t.Error("it does not sweep once")
	}
	// Two years on, the enrollments still run: nothing of theirs goes.
	w.clock.Move(w.clock.Now().AddDate(2, 0, 0))
	if got := older(); got != "map[announcements:0 audit:3 delivered:2 ended_enrollments:0 events:0 messages:0 timeline:2 waiting:2]" {
		t.Errorf("while they run, what is old is %s", got)
	}
	w.erase("dana@old.test")
	w.settle()
	for _, e := range w.runs() {
		err := w.store.Update(t.Context(), func(tx store.Tx) error {
			e, err := tx.Enrollment(e.ID)
			if err == nil {
				e.Status, e.EndedAt = "ended", w.clock.Now()
				err = tx.PutEnrollment(e)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.take(intake.Live, holdfast.Message{Kind: holdfast.Track, Event: "Login", Account: "acme", Contact: "robert", Props: map[string]any{"count": 1.0}})
	before := older()
	if sweep() == 0 || older() != "map[announcements:0 audit:0 delivered:0 ended_enrollments:0 events:0 messages:0 timeline:0 waiting:0]" {
		t.Errorf("of %s is left %s", before, older())
	}
	w.view(func(tx store.Tx) error {
		logins, err := tx.Events("acme", []string{"Login"}, time.Time{}, time.Time{}, 0)
		if len(logins) != 1 {
			t.Errorf("%d logins are left, want the last", len(logins))
		}
		days, errDays := tx.AllBuckets("acme", "")
		if len(days["logins"]) != 2 {
			t.Errorf("the metric has %v", days)
		}
		runs, errRuns := tx.EnrollmentsOf("acme", false)
		if len(runs) != 2 {
			t.Errorf("%d enrollments are left", len(runs))
		}
		log, errLog := tx.Audits(store.AuditFilter{})
		var said []string
		for _, a := range log {
			said = append(said, a.Who+" "+a.What)
		}
		if diff := cmp.Diff([]string{"team:Mira contact.erase", "system retention.remove"}, said); diff != "" || !strings.Contains(log[1].Details, `"audit":3`) || !strings.Contains(log[1].Details, `"waiting":1`) {
			t.Errorf("the audit log has %+v", log)
		}
		return errors.Join(err, errDays, errRuns, errLog)
	})
}
