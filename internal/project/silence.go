package project

import (
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/source"
)

// Silence is when what a source sends counts as silent, so that triggers by conditions
// that read it wait. The zero value is what nobody has said.
type Silence struct {
	Off     bool          // never
	Learned bool          // when it is longer than is usual
	After   calendar.Span // hours, days or weeks
}

// Silence is how long nothing may come from a source: as its document says, or else
// the project's settings, which hold for imports too. Zero is what is usual.
func (p *Project) Silence(of string) (after calendar.Span, off bool) {
	is := p.Settings.Silence
	if s := p.Source(of); s != nil && s.Silence != (Silence{}) {
		is = s.Silence
	}
	return is.After, is.Off
}

func (ld *loader) silence(n *source.Node) (is Silence) {
	if n == nil {
		return is
	}
	switch text := n.String(&ld.diags, "silence"); text {
	case "":
		return is
	case "learned":
		is.Learned = true
		return is
	case "off":
		is.Off = true
		return is
	default:
		sp, err := calendar.ParseSpan(text)
		if err == nil && sp.Business == 0 && sp.Months == 0 && sp.Dur+time.Duration(sp.Days)*24*time.Hour >= time.Hour {
			is.After = sp
			return is
		}
		ld.diags.Errorf(n.Span(), "bad-duration", "write hours, days or weeks, such as 6h; or off, or learned", "silence cannot be %q: an hour is the least", text)
		return is
	}
}
