package playtest

import (
	"fmt"
	"strings"
	"time"

	"holdfast/internal/calendar"
)

// differences are how h is not what e says, in words.
func (t *Test) differences(e *Expected, h *Happening) []string {
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	switch {
	case e.Head == "refused":
		if !has(h.Reason, e.Name) {
			say("the reason is %q", h.Reason)
		}
	case e.Name != h.Name && e.Name != h.Path:
		say("%s is %s, not %s", e.Head, h.Name, e.Name)
	}
	if e.When != nil && !e.When.Holds(h.At) {
		say("it happened %s", apart(*e.When, h.At))
	}
	for _, d := range e.Also {
		if said := t.wrong(d, h); said != "" {
			wrong = append(wrong, said)
		}
	}
	return wrong
}

// holds reports whether a detail is so of h.
func (t *Test) holds(d Detail, h *Happening) bool {
	switch d.Key {
	case "to", "by":
		return t.means(d.Want, h.To)
	case "channel":
		return h.Channel == d.Want
	case "result":
		return h.Result == d.Want
	case "reason_has":
		return has(h.Reason, d.Want)
	case "subject_has", "title_has":
		return has(h.Subject, d.Want)
	case "text_has":
		return has(h.Text, d.Want)
	case "until":
		return d.until.Holds(h.Until)
	case "due":
		s, err := calendar.ParseSpan(d.Want)
		return err == nil && minute(s.Add(h.At, t.days)).Holds(h.Due.Truncate(time.Minute))
	case "rest":
		return t.rests(d.Want, h)
	}
	return true
}

// rests reports whether the account rests for so long after h.
func (t *Test) rests(span string, h *Happening) bool {
	if span == "none" || span == "forever" || h.rest == "" || h.rest == "forever" {
		return span == h.rest || span == "none" && h.rest == ""
	}
	until, err := time.Parse(time.RFC3339, h.rest)
	s, bad := calendar.ParseSpan(span)
	return err == nil && bad == nil && minute(s.Add(h.At, t.days)).Holds(until.Truncate(time.Minute))
}

// misses is how many differences there are, found without words.
func (t *Test) misses(e *Expected, h *Happening) int {
	n := 0
	switch {
	case e.Head == "refused":
		if !has(h.Reason, e.Name) {
			n++
		}
	case e.Name != h.Name && e.Name != h.Path:
		n++
	}
	if e.When != nil && !e.When.Holds(h.At) {
		n++
	}
	for _, d := range e.Also {
		if !t.holds(d, h) {
			n++
		}
	}
	return n
}

// wrong says how h fails a detail, or "".
func (t *Test) wrong(d Detail, h *Happening) string {
	if t.holds(d, h) {
		return ""
	}
	switch d.Key {
	case "to", "by":
		return fmt.Sprintf("%s is %s, not %s", d.Key, h.To, d.Want)
	case "channel":
		return fmt.Sprintf("channel is %s, not %s", h.Channel, d.Want)
	case "result":
		return fmt.Sprintf("result is %s, not %s", h.Result, d.Want)
	case "reason_has":
		return fmt.Sprintf("the reason is %q", clip(h.Reason))
	case "subject_has":
		return fmt.Sprintf("the subject is %q", clip(h.Subject))
	case "title_has":
		return fmt.Sprintf("the title is %q", clip(h.Subject))
	case "text_has":
		return fmt.Sprintf("the text is %q", clip(h.Text))
	case "until":
		return "it is until " + h.Until.Format(shown)
	case "due":
		return "it is due " + h.Due.In(h.At.Location()).Format(shown)
	}
	switch until, err := time.Parse(time.RFC3339, h.rest); {
	case h.rest == "":
		return "the account does not rest"
	case err != nil:
		return "the account rests for ever"
	default:
		return "the account rests until " + until.In(h.At.Location()).Format("2 Jan 2006")
	}
}

// means reports whether who names id: by itself, its address, or as the owner.
func (t *Test) means(who, id string) bool {
	if who == id || who == "owner" && id == t.owner || t.mails[id] != "" && strings.EqualFold(t.mails[id], who) {
		return true
	}
	for _, one := range t.Case.Project.Team {
		if one.ID == id && one.Email != "" && strings.EqualFold(one.Email, who) {
			return true
		}
	}
	return false
}

// has reports whether text holds part, whatever their case and white space.
func has(text, part string) bool {
	flat := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
	return strings.Contains(flat(text), flat(part))
}

func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 120 {
		return string(r[:119]) + "…"
	}
	return s
}

// apart says how far t is from w: "2 days later", "1 hour earlier".
func apart(w Window, t time.Time) string {
	d, dir := t.Sub(w.From), "later"
	if t.Before(w.From) {
		d, dir = w.From.Sub(t), "earlier"
	} else if !t.Before(w.To) && w.To.Sub(w.From) > time.Minute {
		d = t.Sub(w.To) + time.Minute
	}
	n, unit := int((d+time.Minute-1)/time.Minute), "minute"
	switch {
	case d >= 24*time.Hour:
		n, unit = int((d+12*time.Hour)/(24*time.Hour)), "day"
	case d >= time.Hour:
		n, unit = int((d+30*time.Minute)/time.Hour), "hour"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s %s", max(n, 1), unit, dir)
}
