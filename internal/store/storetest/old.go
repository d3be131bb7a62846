package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

func oldRowsGo(t *testing.T, s store.Store) {
	runs, ended := enrollment("runs"), enrollment("ended")
	ended.Account, ended.Event = "globex", 3 // the third event below
	enrolled(t, s, runs, ended)
	late := t0.Add(100 * 24 * time.Hour)
	update(t, s, func(tx store.Tx) error {
		var errs []error
		for i, e := range []holdfast.Message{ // what is kept, and why
			{Account: "acme", Event: "login"},                     // an enrollment runs
			{Account: "acme", Event: "login", At: late},           // young
			{Account: "globex", Event: "login"},                   // an enrollment began with it
			{Account: "globex", Event: "login"},                   // goes
			{Account: "globex", Event: "bought"},                  // to be kept
			{Account: "globex", Event: "bought", At: late},        // young
			{Account: "globex", Event: "churned"},                 // the last of its name
			{Account: "globex", Kind: "identify"},                 // says what is
			{Account: "globex", Event: "login", At: late},         // young
			{Account: "initech", Event: "login", At: t0},          // goes
			{Account: "initech", Event: "login", At: t0.Add(1e9)}, // the last of its name
		} {
			if e.ID, e.Source = strconv.Itoa(i), "s"; e.Kind == "" {
				e.Kind = "track"
			}
			if e.At.IsZero() {
				e.At = t0
			}
			_, _, err := tx.AppendEvent(e, e.At)
			errs = append(errs, err)
		}
		for _, of := range []string{"runs", "ended"} {
			h := touch(of, holdfast.Sent)
			h.Enrollment, h.DoneAt = of, t0
			_, err := tx.PutMessage(store.Outmail{Outbound: holdfast.Outbound{Touch: of, Account: "acme"}})
			errs = append(errs, err, tx.PutTouch(h), tx.AddLine(store.Line{Key: of, Enrollment: of, At: t0}), tx.AddLine(store.Line{Key: of + "/late", Enrollment: of, At: late}),
				tx.Signal(store.Signal{Enrollment: of, Kind: "retry", At: t0}), tx.PutTask(store.Task{ID: of, Enrollment: of, Status: "done"}), tx.PutTask(store.Task{ID: of + "/open", Enrollment: of, Status: "open"}))
		}
		errs = append(errs, tx.Delivered("runs", 99, "ok"))
		e, err := tx.Enrollment("ended")
		e.Status, e.EndedAt = "ended", t0
		return errors.Join(append(errs, err, tx.PutEnrollment(e))...)
	})
	sweep := func(dry bool) string {
		var out strings.Builder
		for _, what := range []string{store.OldDelivered, store.OldMessages, store.OldTimeline, store.OldEvents, store.OldEnded} {
			run := view
			if !dry {
				run = update
			}
			run(t, s, func(tx store.Tx) error {
				next, n, err := tx.Prune(store.Old{What: what, Before: t0.Add(time.Hour), Keep: []string{"bought"}}, "", dry)
				fmt.Fprint(&out, what, " ", n, next, ", ")
				return err
			})
		}
		return out.String()
	}
	const want = "relay 4, messages 1, lines 1, events 2, ended 2, "
	for _, dry := range []bool{true, false} {
		if got := sweep(dry); got != want {
			t.Errorf("dry %v: %s, want %s", dry, got, want)
		}
	}
	if got := sweep(false); got != "relay 0, messages 0, lines 0, events 0, ended 0, " {
		t.Errorf("again: %s", got)
	}
	view(t, s, func(tx store.Tx) error {
		_, _, unknown := tx.Prune(store.Old{What: "versions"}, "", true)
		if unknown == nil {
			return errors.New("versions were pruned")
		}
		e, err := tx.Enrollment("ended")
		open, errOpen := tx.Task("ended/open")
		return errors.Join(err, errOpen, same("the enrollment", e.EntryKey, "ended"), same("open", open.Status, "open"))
	})
}

func oldRowsPage(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error {
		var errs []error
		for i := range store.PruneRows + 10 {
			errs = append(errs, tx.AddLine(store.Line{Key: strconv.Itoa(i), At: t0}))
		}
		return errors.Join(errs...)
	})
	total, pages := 0, 0
	for next := ""; pages == 0 || next != ""; pages++ {
		update(t, s, func(tx store.Tx) error {
			after, n, err := tx.Prune(store.Old{What: store.OldTimeline, Before: t0.Add(time.Hour)}, next, false)
			next = after
			total += n
			return err
		})
	}
	if total != store.PruneRows+10 || pages != 2 {
		t.Errorf("%d rows in %d pages", total, pages)
	}
}
