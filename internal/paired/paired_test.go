package paired_test

import (
	"testing"

	"holdfast/internal/paired"
)

// The ranks are those of tables of the sign test: for ten values the second from
// either end, for six the outermost.
func TestAnIntervalIsThatOfTheSignTest(t *testing.T) {
	t.Parallel()
	ten := []float64{7, 3, 9, 1, 10, 5, 2, 8, 4, 6}
	if low, high := paired.Interval(ten); low != 2 || high != 9 || paired.Median(ten) != 5.5 {
		t.Errorf("of ten: %v to %v, median %v", low, high, paired.Median(ten))
	}
	if low, high := paired.Interval(ten[:6]); low != 1 || high != 10 {
		t.Errorf("of six: %v to %v", low, high)
	}
}

func TestWorkCostsSomething(t *testing.T) {
	t.Parallel()
	n := 0
	c := paired.Measure(t, func() {
		for n < 50_000_000 {
			n++
		}
	})
	if c.CPU <= 0 || c.Wall <= 0 {
		t.Errorf("%d rounds cost %+v", n, c)
	}
}

func TestWhichOfTwoIsFirstAlternates(t *testing.T) {
	t.Parallel()
	order := ""
	side := func(name string) func() float64 {
		return func() float64 { order += name; return float64(len(order)) }
	}
	row := paired.Row{}
	row.Run(3, side("a"), side("b"))
	if order != "abbaab" {
		t.Errorf("blocks ran as %s", order)
	}
	if r := row.Ratios(); len(r) != 3 || r[0] != 1./2 || r[1] != 4./3 || r[2] != 5./6 {
		t.Errorf("ratios %v are not of pairs", r)
	}
}
