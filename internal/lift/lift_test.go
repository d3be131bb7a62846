package lift_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"holdfast/internal/lift"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// cases are n first entries of an arm, of which the first met met the goal.
func cases(arm string, n, met int) (es []lift.Entry) {
	for i := range n {
		e := lift.Entry{Playbook: "p", Account: fmt.Sprint(arm, i), Arm: arm, Started: start, Until: start.AddDate(0, 0, 30)}
		if i < met {
			e.Met = start.AddDate(0, 0, 1)
		}
		es = append(es, e)
	}
	return es
}

func TestTheDifferenceOfTwoRatesHasBounds(t *testing.T) {
	t.Parallel()
	// The worked examples of Newcombe 1998, table II, method 10.
	for _, tt := range []struct {
		m, a, n, b int
		low, high  float64
	}{
		{70, 56, 80, 48, 0.0524, 0.3339},
		{10, 9, 10, 3, 0.1705, 0.8090},
		{10, 10, 20, 0, 0.6791, 1.0000},
	} {
		rows := lift.Table(append(cases("treated", tt.m, tt.a), cases("holdout", tt.n, tt.b)...), start.AddDate(1, 0, 0))
		if len(rows) != 1 || math.Abs(rows[0].Low-tt.low) > 0.0001 || math.Abs(rows[0].High-tt.high) > 0.0001 {
			t.Errorf("%d of %d against %d of %d: got %+v, want %v to %v", tt.a, tt.m, tt.b, tt.n, rows, tt.low, tt.high)
		}
	}
}

func TestOnlyClosedFirstEntriesAreCompared(t *testing.T) {
	t.Parallel()
	es := append(cases("treated", 40, 20), cases("holdout", 40, 4)...)
	again := es[0] // it entered before, was held out then, and comes again
	again.Arm, again.Started, again.Met = "holdout", start.AddDate(0, 0, -1), time.Time{}
	open := lift.Entry{Playbook: "p", Account: "late", Arm: "treated", Started: start.AddDate(0, 0, 20), Met: start.AddDate(0, 0, 21), Until: start.AddDate(0, 0, 60)}
	aimless := lift.Entry{Playbook: "p", Account: "x", Arm: "treated", Started: start}
	rows := lift.Table(append(es, again, open, aimless), start.AddDate(0, 0, 40))
	want := lift.Row{Treated: lift.Side{Accounts: 40, Open: 1, Closed: 39, Met: 19}, HeldOut: lift.Side{Accounts: 41, Closed: 41, Met: 4}}
	if len(rows) != 1 || rows[0].Treated != want.Treated || rows[0].HeldOut != want.HeldOut || len(rows[0].Warnings) > 0 {
		t.Errorf("got %+v", rows)
	}
	if got := lift.Table(cases("treated", 40, 20), start.AddDate(1, 0, 0)); len(got) != 0 {
		t.Errorf("a playbook that holds nobody out has a lift: %+v", got)
	}
}

func TestFewCasesAndWonderfulRatesAreDoubted(t *testing.T) {
	t.Parallel()
	rows := lift.Table(append(cases("treated", 50, 40), cases("holdout", 5, 1)...), start.AddDate(1, 0, 0))
	got := strings.Join(rows[0].Warnings, "\n")
	want := "only 5 closed cases are holdout; 30 is the least to rely on\n80% met the goal; over 70% usually means that those were not at risk"
	if got != want {
		t.Errorf("got %q", got)
	}
	rows = lift.Table(cases("holdout", 3, 0), start)
	if len(rows) != 1 || rows[0].Known {
		t.Errorf("nothing to compare with, and yet %+v", rows)
	}
}
