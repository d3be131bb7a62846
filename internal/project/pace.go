package project

import (
	"strconv"
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/source"
)

// Pace is how fast e-mails may go. The zero Pace limits nothing.
type Pace struct {
	Limits []Limit
	PerDay int // 0: any number
	WarmUp *WarmUp
}

// Limit allows at most Max mails In a time: to Domains together, to each domain
// that no other limit names, or in all.
type Limit struct {
	Max       int
	In        calendar.Span // of hours, minutes or seconds
	PerDomain bool
	Domains   []string // small letters; those below them count as they do
}

// Every is the distance in time that l keeps between two mails, in whole microseconds.
func (l Limit) Every() time.Duration {
	return (l.In.Dur/time.Duration(l.Max) + time.Microsecond - 1).Truncate(time.Microsecond)
}

// Names reports whether l is for a domain, which is in small letters.
func (l Limit) Names(domain string) bool {
	for _, d := range l.Domains {
		if domain == d || strings.HasSuffix(domain, "."+d) {
			return true
		}
	}
	return false
}

// scopes are what l is for, to tell whether another is for the same.
func (l Limit) scopes() []string {
	switch {
	case len(l.Domains) > 0:
		return l.Domains
	case l.PerDomain:
		return []string{"per domain"}
	}
	return []string{"all"}
}

func (l Limit) String() string {
	s := l.In.Text
	switch {
	case len(l.Domains) > 0:
		return count(l.Max) + s + " to " + strings.Join(l.Domains, ", ")
	case l.PerDomain:
		return count(l.Max) + s + " to one domain"
	}
	return count(l.Max) + s
}

func count(n int) string { return "at most " + strconv.Itoa(n) + " e-mails in " }

// WarmUp lets a new sender be known little by little: FirstDay mails on the day
// From, in the project's zone, and twice as many every Doubles days.
type WarmUp struct {
	From     time.Time // midnight UTC of the day
	FirstDay int
	Doubles  int // days
}

// mostDoublings keeps a warm-up that nobody ended from overflowing: 2^30 times
// what it began with is no limit.
const mostDoublings = 30

// Day is how many mails may go on a day, of which year, month and date are read; 0
// is any number.
func (p Pace) Day(day time.Time) int {
	if p.WarmUp == nil {
		return p.PerDay
	}
	day = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	n := max(0, int(day.Sub(p.WarmUp.From)/(24*time.Hour))) / p.WarmUp.Doubles
	if n > mostDoublings {
		return p.PerDay
	}
	most := p.WarmUp.FirstDay << n
	if p.PerDay > 0 {
		return min(most, p.PerDay)
	}
	return most
}

// mostAtOnce bounds the numbers of a pace: more is a slip of the keyboard.
const mostAtOnce = 10_000_000

func (ld *loader) pace(n *source.Node) Pace {
	l := &ld.diags
	n.Strict(l, "pace", source.Keys(projectKind.Keys, "pace")...)
	n = n.Get("email")
	n.Strict(l, "the pace of e-mails", source.Keys(projectKind.Keys, "pace.email")...)
	var p Pace
	if v := n.Get("per_day"); v != nil {
		p.PerDay = v.Int(l, "per_day", 1, mostAtOnce)
	}
	p.Limits = ld.limits(n.Get("limits"))
	w := n.Get("warm_up")
	if w == nil {
		return p
	}
	w.Strict(l, "a warm-up", source.Keys(projectKind.Keys, "pace.email.warm_up")...)
	p.WarmUp = &WarmUp{
		From:     ld.day(w.Require(l, "a warm-up", "from")),
		FirstDay: w.Require(l, "a warm-up", "first_day").Int(l, "first_day", 1, mostAtOnce),
		Doubles:  ld.days(w.Require(l, "a warm-up", "doubles_every")),
	}
	if p.PerDay > 0 && p.WarmUp.FirstDay > p.PerDay {
		l.Errorf(w.Get("first_day").Span(), "wrong-type", "write fewer, or raise per_day", "the first day of the warm-up has more mails than any day may have")
	}
	return p
}

// days is a span of whole days, at least one.
func (ld *loader) days(n *source.Node) int {
	sp, err := calendar.ParseSpan(n.String(&ld.diags, "doubles_every"))
	if n != nil && (err != nil || sp.Days < 1) {
		ld.diags.Errorf(n.Span(), "bad-duration", "write days or weeks, such as 3d", "doubles_every cannot be %q", n.Text())
	}
	return max(sp.Days, 1)
}

func (ld *loader) limits(n *source.Node) []Limit {
	l := &ld.diags
	if n != nil && n.Kind() != source.List {
		l.Errorf(n.Span(), "wrong-type", "write a list of {max, in}, such as {max: 10, in: 1s}", "limits must be a list")
	}
	var all []Limit
	seen := map[string]bool{}
	for _, it := range n.Items() {
		it.Strict(l, "a limit", source.Keys(projectKind.Keys, "pace.email.limits")...)
		one := Limit{
			Max:       it.Require(l, "a limit", "max").Int(l, "max", 1, mostAtOnce),
			In:        ld.within(it.Require(l, "a limit", "in")),
			PerDomain: it.Get("per").Word(l, "per", "domain") != "",
			Domains:   ld.domains(it.Get("domains")),
		}
		if one.PerDomain && len(one.Domains) > 0 {
			l.Errorf(it.Get("per").Span(), "unknown-choice", "write per: domain for all that no limit names, or domains: for some", "a limit is for each domain or for some, not both")
		}
		if one.Max == 0 || one.In.Dur == 0 {
			continue
		}
		for _, scope := range one.scopes() {
			key := scope + " " + one.In.Dur.String()
			if seen[key] {
				l.Errorf(it.Span(), "duplicate-limit", "keep one of them", "another limit is for the same mails in %s", one.In.Text)
			}
			seen[key] = true
		}
		all = append(all, one)
	}
	return all
}

// within is a span by the clock: what is counted by days is per_day.
func (ld *loader) within(n *source.Node) calendar.Span {
	sp, err := calendar.ParseSpan(n.String(&ld.diags, "in"))
	if n != nil && (err != nil || sp.Dur <= 0 || sp.Dur > 24*time.Hour) {
		ld.diags.Errorf(n.Span(), "bad-duration", "write seconds, minutes or up to 24h, such as 1s; per_day counts by days", "in cannot be %q", n.Text())
		return calendar.Span{}
	}
	return sp
}

func (ld *loader) domains(n *source.Node) []string {
	var all []string
	for _, name := range n.Words(&ld.diags, "domains") {
		name = strings.ToLower(name)
		if !domains.MatchString(name) {
			ld.diags.Errorf(n.Span(), "wrong-type", "write what stands behind the @, such as gmail.com", "%q is no domain", name)
			continue
		}
		all = append(all, name)
	}
	return all
}
