package sim_test

import (
	"syscall"
	"testing"
	"time"

	"holdfast/internal/sim"
)

// BenchmarkSimulate plays whole cases of the shipped playbooks.
func BenchmarkSimulate(b *testing.B) {
	all := library(b)
	all["ninety"] = ninety(b)
	for _, name := range []string{"ninety", "win-back-personal", "win-back-automated", "renewal-comprehensive", "post-save-kept", "save-kept"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			stage, began := sim.New(all[name].Project), processor(b)
			for b.Loop() {
				if _, err := stage.Play(b.Context(), all[name]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((processor(b)-began).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// processor is the time that this process has used: others use the machine too.
func processor(b testing.TB) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSimulateInParallel plays cases of one project side by side.
func BenchmarkSimulateInParallel(b *testing.B) {
	c := ninety(b)
	stage := sim.New(c.Project)
	began := processor(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := stage.Play(b.Context(), c); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64((processor(b)-began).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}
