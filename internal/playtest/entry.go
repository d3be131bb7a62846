package playtest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"holdfast/internal/calendar"
)

// pair is a key of an entry and its value, as YAML has it.
type pair struct{ key, value string }

func entry(pairs []pair) string {
	said := make([]string, len(pairs))
	for i, p := range pairs {
		said[i] = p.key + ": " + p.value
	}
	return "  - {" + strings.Join(said, ", ") + "}\n"
}

// pairs is the entry that expects h.
func (h *Happening) pairs() []pair {
	at := pair{"at", h.At.Format(shown)}
	head := pair{h.Head, quoted(h.Name)}
	switch h.Head {
	case "touch", "task", "asked", "review":
		return []pair{at, head, {"to", quoted(h.To)}}
	case "skip":
		word, _, _ := strings.Cut(h.Reason, ":")
		return []pair{at, head, {"reason_has", quoted(word)}}
	case "refused":
		return []pair{at, {h.Head, quoted(clip(h.Reason))}}
	case "still":
		return []pair{head}
	case "outcome":
		if rest := h.restSpan(); rest != "" {
			return []pair{at, head, {"rest", rest}}
		}
	}
	return []pair{at, head}
}

// restSpan is the rest after h as an author would write it, or "".
func (h *Happening) restSpan() string {
	if h.rest == "forever" {
		return h.rest
	}
	until, err := time.Parse(time.RFC3339, h.rest)
	if err != nil {
		return ""
	}
	for n := 1; n <= 60; n++ {
		if (calendar.Span{Months: n}).Add(h.At, calendar.Days{}).Truncate(time.Second).Equal(until) {
			return strconv.Itoa(n) + "mo"
		}
	}
	for n := 1; n <= 400; n++ {
		if (calendar.Span{Days: n}).Add(h.At, calendar.Days{}).Truncate(time.Second).Equal(until) {
			return strconv.Itoa(n) + "d"
		}
	}
	return ""
}

// mended is e with what does not hold of h made so.
func (t *Test) mended(e *Expected, h *Happening) []pair {
	var out []pair
	for _, p := range h.pairs() {
		switch {
		case p.key == "at" && e.When == nil:
		case p.key == "at" && e.When.Holds(h.At):
			out = append(out, t.asWritten(e))
		case p.key == "at" && e.When.To.Sub(e.When.From) > time.Minute && e.node.Get("at") != nil:
			out = append(out, pair{"at", h.At.Format("Mon 2006-01-02")})
		case p.key == "to" || p.key == "rest" || p.key == "reason_has": // as a detail below
		case p.key == h.Head && e.Head != h.Head:
			out = append(out, pair{e.Head, p.value})
		case p.key == h.Head && e.Name == h.Path:
			out = append(out, pair{h.Head, quoted(h.Path)})
		default:
			out = append(out, p)
		}
	}
	for _, d := range e.Also {
		want := d.Want
		if t.wrong(d, h) != "" {
			until := ""
			if !h.Until.IsZero() {
				until = h.Until.Format(shown)
			}
			want = map[string]string{
				"until": until,
				"to":    h.To, "by": h.To, "channel": h.Channel, "result": h.Result, "subject_has": h.Subject, "title_has": h.Subject, "rest": h.restSpan(),
			}[d.Key]
			if d.Key == "rest" && want == "" {
				want = "none"
			}
		}
		if want != "" {
			out = append(out, pair{d.Key, quoted(want)})
		}
	}
	return out
}

// asWritten is the time of e as its author wrote it.
func (t *Test) asWritten(e *Expected) pair {
	if at := e.node.Get("at"); at != nil {
		return pair{"at", quoted(at.Text())}
	}
	two := e.node.Get("between").Items()
	return pair{"between", fmt.Sprintf("[%s, %s]", quoted(two[0].Text()), quoted(two[1].Text()))}
}

// bare is what needs no quotes inside {}.
var bare = regexp.MustCompile(`^[A-Za-z0-9_+][A-Za-z0-9_.@/+:-]*( [A-Za-z0-9_.@/+:-]+)*$`)

// quoted is text as a YAML value inside {}.
func quoted(text string) string {
	if bare.MatchString(text) && !strings.HasSuffix(text, ":") && !strings.Contains(text, ": ") && text != "null" {
		return text
	}
	return strconv.Quote(text)
}
