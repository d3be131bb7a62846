package intake

var (
	SurgeLimit = surgeLimit
	Usual      = usual
)

// Heard is how many feeds are remembered in memory.
func (in *Intake) Heard() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.heard)
}
