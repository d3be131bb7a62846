package steps

// End is the spec of `end`.
type End struct {
	Outcome string
	RestFor string // a span as written, "forever", or ""
	Unless  string // CEL that lifts the rest, or ""
}
