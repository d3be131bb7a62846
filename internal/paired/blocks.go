package paired

// Blocks measures pairs of blocks; which of the two is first alternates.
func Blocks[T any](pairs int, ours, theirs func() T) (a, b []T) {
	for i := range pairs {
		if i%2 == 0 {
			a = append(a, ours())
			b = append(b, theirs())
		} else {
			b = append(b, theirs())
			a = append(a, ours())
		}
	}
	return a, b
}

// Each is one figure of blocks that gave several.
func Each[T any](blocks []T, figure func(T) float64) []float64 {
	out := make([]float64, len(blocks))
	for i, b := range blocks {
		out[i] = figure(b)
	}
	return out
}
