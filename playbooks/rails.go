package playbooks

import (
	"slices"
	"strings"

	"holdfast/guards"
	"holdfast/internal/calendar"
	"holdfast/internal/source"
	"holdfast/rules"
)

// Defaults are the guardrails of a playbook of outreach or service that does
// not write its own; each key that it writes replaces one. A transactional
// playbook has none but what it writes.
//
//	send_window  days mon-fri, hours 09:00-17:00, timezone contact
//	avoid        public_holidays
//	caps         1 email in 2d per contact
//	catch_up     next_window
//	surge        reckoned from what is usual
func Defaults(class string) guards.Rails {
	r := guards.Rails{Zone: "contact", CatchUp: "next_window", QuarterTail: 10}
	if class == Transactional {
		r.Surge.Off = true
		return r
	}
	r.Window = calendar.Window{Days: [7]bool{false, true, true, true, true, true, false}, From: 9 * 60, To: 17 * 60}
	r.Avoid = []string{"public_holidays"}
	r.Caps = []guards.Cap{{Max: 1, What: "email", In: calendar.Span{Days: 2, Text: "2d"}, Per: "contact"}}
	return r
}

func (c *compiler) rails(n *source.Node, class string) (guards.Rails, []*rules.Calendar) {
	r := Defaults(class)
	n.Strict(&c.diags, "guardrails", keys("guardrails")...)
	if w := n.Get("send_window"); w != nil {
		r.Window, r.Zone = c.window(w, r)
	}
	var calendars []*rules.Calendar
	if a := n.Get("avoid"); a != nil {
		r.Avoid, calendars = c.avoid(a)
	}
	if caps := n.Get("caps"); caps != nil {
		r.Caps = c.caps(caps)
	}
	r.CatchUp = c.word(n.Get("catch_up"), "catch_up", "next_window", "skip")
	if surge := n.Get("surge"); surge != nil {
		r.Surge = c.surge(surge)
	}
	return r, calendars
}

// surge is {max}, or off.
func (c *compiler) surge(n *source.Node) guards.Surge {
	if n.Kind() == source.Scalar {
		if n.Text() != "off" {
			c.diags.Errorf(n.Span(), "wrong-type", "write {max: 200}, or off", "surge cannot be %q", n.Text())
		}
		return guards.Surge{Off: true}
	}
	n.Strict(&c.diags, "surge", keys("guardrails.surge")...)
	return guards.Surge{Max: n.Require(&c.diags, "surge", "max").Int(&c.diags, "max", 1, 1_000_000)}
}

// builtin calendars need no declaration; a project that declares one of that
// name means its own.
var builtin = []string{"public_holidays", "quarter_end"}

// avoid is the names of calendars, one or a list.
func (c *compiler) avoid(n *source.Node) (words []string, calendars []*rules.Calendar) {
	items := n.Items()
	if n.Kind() == source.Scalar {
		items = []*source.Node{n}
	}
	for _, it := range items {
		name := it.String(&c.diags, "avoid")
		switch cal := c.set.Calendar(name); {
		case name == "":
		case cal != nil:
			calendars = append(calendars, cal)
			for _, rule := range cal.Reads().Rules {
				c.rules[rule] = true
			}
		case slices.Contains(builtin, name):
			words = append(words, name)
		default:
			known := append(slices.Clone(builtin), c.set.Calendars()...)
			hint := "use " + strings.Join(known, ", ") + ", or declare calendar: " + name
			if s := source.Suggest(name, known); s != "" {
				hint = `did you mean "` + s + `"?`
			}
			c.diags.Errorf(it.Span(), "unknown-calendar", hint, "unknown calendar %q", name)
		}
	}
	return words, calendars
}

// window is {days, hours, timezone}, or always.
func (c *compiler) window(n *source.Node, def guards.Rails) (calendar.Window, string) {
	if n.Kind() == source.Scalar {
		if n.Text() != "always" {
			c.diags.Errorf(n.Span(), "wrong-type", "write {days: mon-fri, hours: \"09:00-17:00\"}, or always", "send_window cannot be %q", n.Text())
		}
		return calendar.Window{}, def.Zone
	}
	n.Strict(&c.diags, "send_window", keys("guardrails.send_window")...)
	w := def.Window
	if d := n.Get("days"); d != nil {
		w.Days = d.Days(&c.diags)
	}
	if h := n.Get("hours"); h != nil {
		w.From, w.To = h.Hours(&c.diags)
	}
	zone := n.Get("timezone").String(&c.diags, "timezone")
	switch zone {
	case "":
		return w, def.Zone
	case "contact", "account", "project":
		return w, zone
	}
	if _, err := calendar.Zone(zone); err != nil {
		c.diags.Errorf(n.Get("timezone").Span(), "unknown-zone", "write contact, account, project, or a name such as Europe/Berlin", "%v", err)
	}
	return w, zone
}

func (c *compiler) caps(n *source.Node) []guards.Cap {
	if n.Kind() != source.List {
		c.diags.Errorf(n.Span(), "wrong-type", "write a list of {max, what, in, per}; [] is none", "caps must be a list")
		return nil
	}
	var caps []guards.Cap
	for _, it := range n.Items() {
		it.Strict(&c.diags, "a cap", keys("guardrails.caps")...)
		caps = append(caps, guards.Cap{
			Max:  it.Require(&c.diags, "a cap", "max").Int(&c.diags, "max", 1, 1000),
			What: c.word(it.Get("what"), "what", "touch", "email", "slack"),
			In:   c.span(it.Require(&c.diags, "a cap", "in"), "in"),
			Per:  c.word(it.Get("per"), "per", "contact", "account"),
		})
	}
	return caps
}
