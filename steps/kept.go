package steps

import "slices"

// Kept reports whether a touch of st waits for one of these reasons: parked
// until a row lets it go, or moved to the moment when that should happen.
func Kept(st State, reasons ...string) bool {
	return slices.ContainsFunc(Waits(st), func(w Wait) bool {
		return (w.Kind == "park" || w.Kind == "shift") && slices.Contains(reasons, w.Reason)
	})
}
