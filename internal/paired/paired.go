// Package paired measures one thing beside another: blocks of both, interleaved,
// in one process, so that a noisy machine troubles both alike. Benchmarks alone
// use it. What is judged is the median of the paired ratios with its interval.
package paired

import (
	"math"
	"slices"
	"syscall"
	"testing"
	"time"

	"holdfast/internal/clock"
)

// Cost of a block of work, in seconds: of the processor, and of the wall's clock.
type Cost struct{ CPU, Wall float64 }

// Measure is what work costs this process.
func Measure(t testing.TB, work func()) Cost {
	t.Helper()
	began, cpu := clock.System{}.Now(), Processor(t)
	work()
	return Cost{(Processor(t) - cpu).Seconds(), clock.System{}.Now().Sub(began).Seconds()}
}

// Processor is the time that this process has used, of all its threads.
func Processor(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Median of one value or more.
func Median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return (xs[(len(xs)-1)/2] + xs[len(xs)/2]) / 2
}

// Interval of the median by order statistics: the widest pair of ranks outside
// which the median lies with less than 5 % chance. Fewer than six pairs have none,
// and answer with the least and the greatest.
func Interval(xs []float64) (low, high float64) {
	xs = slices.Sorted(slices.Values(xs))
	n, k, tail := len(xs), 0, 0.0
	for i := range n / 2 {
		if tail += choose(n, i) / math.Pow(2, float64(n)); tail > 0.025 {
			break
		}
		k = i
	}
	return xs[k], xs[n-1-k]
}

func choose(n, k int) float64 {
	c := 1.0
	for i := range k {
		c = c * float64(n-i) / float64(i+1)
	}
	return c
}
