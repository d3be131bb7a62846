package source

import (
	"slices"
	"strconv"
	"strings"

	"holdfast/internal/diag"
)

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Days is n as days by time.Weekday: one day, a range such as mon-thu, or a list
// of either. Mistakes go to l.
func (n *Node) Days(l *diag.List) (days [7]bool) {
	items := n.Items()
	if n.Kind() != List {
		items = []*Node{n}
	}
	for _, it := range items {
		text := it.String(l, "days")
		from, to, ranged := strings.Cut(text, "-")
		if !ranged {
			to = from
		}
		i, j := slices.Index(weekdays, strings.TrimSpace(from)), slices.Index(weekdays, strings.TrimSpace(to))
		if i < 0 || j < 0 {
			if text != "" {
				l.Errorf(it.Span(), "unknown-choice", "write days such as mon-thu, or a list of sun, mon, tue, wed, thu, fri, sat", "days cannot be %q", text)
			}
			continue
		}
		for ; i != j; i = (i + 1) % 7 {
			days[i] = true
		}
		days[j] = true
	}
	if len(items) == 0 {
		l.Errorf(n.Span(), "wrong-type", "name at least one day", "a window without a day never opens")
	}
	return days
}

// Hours is n as "09:00-16:30", in minutes after midnight; 24:00 is the day's end.
// Mistakes go to l, and are the whole day.
func (n *Node) Hours(l *diag.List) (from, to int) {
	text := n.String(l, "hours")
	a, b, _ := strings.Cut(text, "-")
	from, ok1 := minutes(a)
	to, ok2 := minutes(b)
	switch {
	case text == "":
	case !ok1 || !ok2:
		l.Errorf(n.Span(), "wrong-type", `write hours such as "09:00-16:30"`, "hours cannot be %q", text)
	case to <= from:
		l.Errorf(n.Span(), "wrong-type", "end later than you begin; a window does not pass midnight", "the window %q never opens", text)
	default:
		return from, to
	}
	return 0, 24 * 60
}

func minutes(s string) (int, bool) {
	h, m, ok := strings.Cut(strings.TrimSpace(s), ":")
	hour, err1 := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	if !ok || err1 != nil || err2 != nil || len(m) != 2 || hour < 0 || minute < 0 || minute > 59 {
		return 0, false
	}
	total := hour*60 + minute
	return total, total <= 24*60
}
