package sim_test

import (
	"testing"

	"holdfast/internal/paired"
	"holdfast/internal/sim"
)

// BenchmarkSimulate plays whole cases of the shipped playbooks.
func BenchmarkSimulate(b *testing.B) {
	all := library(b)
	all["ninety"] = ninety(b)
	for _, name := range []string{"ninety", "win-back-personal", "win-back-automated", "renewal-comprehensive", "post-save-kept", "save-kept"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			stage, began := sim.New(all[name].Project), paired.Processor(b)
			for b.Loop() {
				if _, err := stage.Play(b.Context(), all[name]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((paired.Processor(b)-began).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// BenchmarkSimulateInParallel plays cases of one project side by side.
func BenchmarkSimulateInParallel(b *testing.B) {
	c := ninety(b)
	stage := sim.New(c.Project)
	began := paired.Processor(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := stage.Play(b.Context(), c); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64((paired.Processor(b)-began).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}
