package sim_test

import (
	"testing"

	"holdfast/internal/sim"
)

// BenchmarkSimulate plays whole cases of the shipped playbooks.
func BenchmarkSimulate(b *testing.B) {
	all := library(b)
	for _, name := range []string{"win-back-personal", "win-back-automated", "renewal-comprehensive", "post-save-kept", "save-kept"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			stage := sim.New(all[name].Project)
			for b.Loop() {
				if _, err := stage.Play(b.Context(), all[name]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sims/s")
		})
	}
}
