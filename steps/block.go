package steps

import (
	"holdfast/internal/diag"
	"holdfast/rules"
)

// Block is a list of steps that a step holds.
type Block struct {
	Label string      // an arm's words: its condition, else, or its id; "" for the body of a loop
	When  *rules.Expr // of a branch's arm; nil otherwise
	First string      // id of its first step; "" when it is empty
	Span  diag.Span
}

// Blocks are the lists of steps that s holds, in file order; what is done when it
// fails is the last.
func (s *Step) Blocks() []Block {
	var blocks []Block
	if h, ok := s.Spec.(interface{ blocks() []Block }); ok {
		blocks = h.blocks()
	}
	if s.OnError.First != "" {
		blocks = append(blocks, Block{Label: "on_error", First: s.OnError.First, Span: s.OnError.Span})
	}
	return blocks
}

// OnError says what follows when a step fails: its message is refused for good,
// its text cannot be rendered, or an expression of it cannot be evaluated.
type OnError struct {
	Exit  bool   // the enrollment ends with outcome failed
	Next  bool   // go on, also after an expression that cannot be evaluated, which otherwise rests
	First string // id of the first step to do instead; "" none
	Span  diag.Span
}

// failsTo moves on after s failed; false when nothing is said about it.
func (w *walk) failsTo(s *Step, r Result) bool {
	switch on := s.OnError; {
	case on.Exit:
		w.record(s, r)
		w.finish(Command{Step: s, Path: w.path(s), Outcome: "failed"})
	case on.First != "":
		w.trace(s, len(s.Blocks())-1)
		w.record(s, r)
		w.jump(on.First)
	case on.Next:
		w.leave(s, r)
	default:
		return false
	}
	return true
}

// onError reads `on_error`: next, exit, or a map with steps.
func (d *Decoder) onError() OnError {
	n := d.Node.Get("on_error")
	if n == nil {
		return OnError{}
	}
	if steps := n.Get("steps"); steps != nil {
		n.Strict(d.Diags, "on_error", "steps")
		return OnError{First: d.Block(steps, d.ID), Span: n.Span()}
	}
	word := choice(d, n, "next", "exit")
	return OnError{Exit: word == "exit", Next: word == "next", Span: n.Span()}
}
