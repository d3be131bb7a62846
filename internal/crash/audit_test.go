package crash

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/ledger"
	"holdfast/internal/store"
)

// run is what the store remembers of one enrollment.
type run struct {
	store.Enrollment
	touches []store.Touch
	tasks   []store.Task
	left    time.Time // when it was told to end, zero when it was not
}

// steps of the playbook that reach someone; a run that ended as told has all.
var everyStep = []string{"first", "note", "second", "look", "third", "tell"}

// told is the outcome of a run that walked to its end.
const told = "told"

func readRuns(st store.Store, t *testing.T) (runs []run) {
	t.Helper()
	err := st.View(t.Context(), func(tx store.Tx) error {
		runs = nil
		all, err := tx.ListEnrollments(store.EnrollmentFilter{Limit: 10_000})
		if err != nil {
			return err
		}
		for _, e := range all {
			r := run{Enrollment: e}
			if r.touches, err = tx.TouchesOf(e.ID); err != nil {
				return err
			}
			if r.tasks, err = tx.TasksOf(e.ID); err != nil {
				return err
			}
			switch exit, err := tx.ExitOf(e.ID); {
			case err == nil:
				r.left = exit.At
			case !errors.Is(err, store.ErrNotFound):
				return err
			}
			runs = append(runs, r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

// card reports whether touch shows a task to one of ours. Cards are handed out
// at least once, a task being completed once; everything else goes at most once.
func (r run) card(touch store.Touch) bool {
	return touch.Channel == "slack" && slices.ContainsFunc(r.tasks, func(k store.Task) bool { return k.Path == touch.Path })
}

// rests reports whether an active run visibly waits for something far ahead, so
// that no more will happen to it soon.
func (r run) rests(now time.Time) bool {
	return r.Status == "active" && r.Woken == r.Echoed && r.Doing != "" && r.Due.After(now.Add(farAhead))
}

// owes reports whether a card of r is still to be handed out.
func (r run) owes() bool {
	return slices.ContainsFunc(r.touches, func(t store.Touch) bool {
		return r.card(t) && (t.State == holdfast.Claimed || t.State == holdfast.Sending)
	})
}

// farAhead is more than a refused touch waits, and less than an unknown one.
const farAhead = 30 * time.Minute

// audit compares the ledger with what the providers took in.
type audit struct {
	runs     int
	ends     map[string]int                      // outcome, or "rests"
	messages map[holdfast.TouchState]map[int]int // state -> times accepted -> touches
	cards    map[holdfast.TouchState]map[int]int
	twice    int // cards that were accepted more than once
	wrong    []string
}

func newAudit(runs []run, accepted map[string]int, now time.Time) *audit {
	a := &audit{
		runs: len(runs), ends: map[string]int{},
		messages: map[holdfast.TouchState]map[int]int{}, cards: map[holdfast.TouchState]map[int]int{},
	}
	unclaimed := maps.Clone(accepted)
	for _, r := range runs {
		a.run(r, now)
		for _, touch := range r.touches {
			delete(unclaimed, touch.ID)
			a.touch(r, touch, accepted[touch.ID])
		}
	}
	for id, n := range unclaimed {
		a.say("touch %s was accepted %d times and is not in the ledger", id, n)
	}
	slices.Sort(a.wrong)
	return a
}

func (a *audit) say(format string, args ...any) {
	a.wrong = append(a.wrong, fmt.Sprintf(format, args...))
}

// run holds an enrollment to its visible state.
func (a *audit) run(r run, now time.Time) {
	end := r.Outcome
	if r.Status == "active" {
		end = "rests"
	}
	a.ends[end]++
	switch {
	case r.Status == "active" && !r.rests(now):
		a.say("%s is lost: active at %s, %q, due %v, %d wakes of %d heard", r.Account, r.Step, r.Doing, r.Due, r.Echoed, r.Woken)
	case r.Status != "active" && r.Outcome == "":
		a.say("%s ended without an outcome", r.Account)
	case r.Outcome != told:
		return
	}
	for _, step := range everyStep {
		if r.Outcome == told && !slices.ContainsFunc(r.touches, func(t store.Touch) bool { return t.Path == step }) {
			a.say("%s is told, and its step %s left nothing in the ledger", r.Account, step)
		}
	}
}

// touch holds one line of the ledger against the times that it was accepted.
func (a *audit) touch(r run, t store.Touch, accepted int) {
	kind, seen := "message", a.messages
	if r.card(t) {
		kind, seen = "card", a.cards
	}
	if seen[t.State] == nil {
		seen[t.State] = map[int]int{}
	}
	seen[t.State][accepted]++
	if kind == "card" && accepted > 1 {
		a.twice++
	}
	what := fmt.Sprintf("%s %s of %s (%s, %s)", kind, t.Path, r.Account, t.State, t.ID)
	if kind == "message" && accepted > 1 {
		a.say("%s was accepted %d times", what, accepted)
	}
	if r.Status == "ended" && t.State == holdfast.Released {
		a.say("%s is waited for by nobody", what)
	}
	if kind == "message" && !r.left.IsZero() && t.ClaimedAt.Sub(r.left) > ledger.Overlap {
		a.say("%s was claimed at %v, after the exit at %v", what, t.ClaimedAt, r.left)
	}
	switch t.State {
	case holdfast.Sent, holdfast.Reconciled:
		if accepted == 0 {
			a.say("%s was never accepted", what)
		}
	case holdfast.Failed, holdfast.Skipped, holdfast.Released:
		if accepted > 0 && kind == "message" {
			a.say("%s was accepted", what)
		}
	case holdfast.Claimed, holdfast.Sending:
		a.say("%s is stuck", what)
	case holdfast.Unknown, holdfast.Unconfirmed: // 0 or 1: that is what it says
	}
}

// String is the table of figures.
func (a *audit) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "enrollments %d:%s\n", a.runs, counts(a.ends))
	for _, part := range []struct {
		name string
		seen map[holdfast.TouchState]map[int]int
	}{{"messages", a.messages}, {"task cards", a.cards}} {
		all, taken, twice := 0, 0, 0
		var rows strings.Builder
		for _, state := range slices.Sorted(maps.Keys(part.seen)) {
			fmt.Fprintf(&rows, "  %-12s", state)
			for _, times := range slices.Sorted(maps.Keys(part.seen[state])) {
				n := part.seen[state][times]
				all += n
				if times > 0 {
					taken += n
				}
				if times > 1 {
					twice += n
				}
				fmt.Fprintf(&rows, "  %6d accepted %d×", n, times)
			}
			rows.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s %d: accepted %d, more than once %d\n%s", part.name, all, taken, twice, rows.String())
	}
	fmt.Fprintf(&b, "wrong %d\n", len(a.wrong))
	return b.String()
}

func counts[K cmp.Ordered](m map[K]int) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, " %v %d", k, m[k])
	}
	return b.String()
}

// What the audit would say of each thing that must not be; without this a kill
// test that finds nothing shows nothing.
func TestAnAuditSeesWhatMustNotBe(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	whole := func() run {
		r := run{Enrollment: store.Enrollment{Account: "acme", Status: "ended", Outcome: told}}
		for _, step := range everyStep {
			r.touches = append(r.touches, store.Touch{ID: step, Path: step, Channel: "slack", State: holdfast.Sent, ClaimedAt: now})
		}
		r.tasks = []store.Task{{Path: "look"}}
		return r
	}
	all := func() map[string]int {
		return map[string]int{"first": 1, "note": 1, "second": 1, "look": 1, "third": 1, "tell": 1}
	}
	for name, c := range map[string]struct {
		change func(r *run, accepted map[string]int)
		want   string // "" is nothing wrong
	}{
		"all is well":               {func(*run, map[string]int) {}, ""},
		"a card twice":              {func(_ *run, n map[string]int) { n["look"] = 2 }, ""},
		"unknown and out":           {func(r *run, _ map[string]int) { r.touches[0].State = holdfast.Unknown }, ""},
		"unknown and not out":       {func(r *run, n map[string]int) { r.touches[0].State = holdfast.Unknown; delete(n, "first") }, ""},
		"a message twice":           {func(_ *run, n map[string]int) { n["first"] = 2 }, "accepted 2 times"},
		"unknown, and twice":        {func(r *run, n map[string]int) { r.touches[0].State = holdfast.Unknown; n["first"] = 2 }, "accepted 2 times"},
		"sent, never accepted":      {func(_ *run, n map[string]int) { delete(n, "second") }, "never accepted"},
		"a card that is lost":       {func(_ *run, n map[string]int) { delete(n, "look") }, "never accepted"},
		"failed, but accepted":      {func(r *run, _ map[string]int) { r.touches[2].State = holdfast.Failed }, "was accepted"},
		"released, but accepted":    {func(r *run, _ map[string]int) { r.touches[2].State = holdfast.Released }, "was accepted"},
		"refused, then ended":       {func(r *run, n map[string]int) { r.touches[2].State = holdfast.Released; delete(n, "second") }, "waited for by nobody"},
		"stuck in sending":          {func(r *run, _ map[string]int) { r.touches[4].State = holdfast.Sending }, "is stuck"},
		"a stranger's":              {func(_ *run, n map[string]int) { n["zzz"] = 1 }, "not in the ledger"},
		"a step without a line":     {func(r *run, n map[string]int) { r.touches = r.touches[1:]; delete(n, "first") }, "left nothing"},
		"an end without an outcome": {func(r *run, _ map[string]int) { r.Outcome = "" }, "without an outcome"},
		"a wake that nobody hears": {func(r *run, _ map[string]int) {
			r.Status, r.Woken, r.Doing, r.Due = "active", 1, "waits", now.Add(time.Hour)
		}, "is lost"},
		"rests for an hour": {func(r *run, _ map[string]int) {
			r.Status, r.Outcome, r.Doing, r.Due = "active", "", "waits", now.Add(time.Hour)
		}, ""},
		"overdue":                    {func(r *run, _ map[string]int) { r.Status, r.Doing, r.Due = "active", "waits", now }, "is lost"},
		"claimed after its exit":     {func(r *run, _ map[string]int) { r.left = now.Add(-ledger.Overlap - time.Millisecond) }, "after the exit"},
		"claimed while exiting":      {func(r *run, _ map[string]int) { r.left = now.Add(-ledger.Overlap) }, ""},
		"claimed before and exiting": {func(r *run, _ map[string]int) { r.left = now }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, accepted := whole(), all()
			c.change(&r, accepted)
			got := strings.Join(newAudit([]run{r}, accepted, now).wrong, "\n")
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
