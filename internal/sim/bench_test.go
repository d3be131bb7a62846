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
			for b.Loop() {
				if _, err := sim.Simulate(b.Context(), all[name]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sims/s")
		})
	}
}
