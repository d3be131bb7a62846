package steps

import (
	"fmt"
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/rules"
)

// inWords is a span as people say it: "4 business days".
func inWords(s calendar.Span) string {
	switch {
	case s.Business != 0:
		return count(s.Business, "business day", "business days")
	case s.Months != 0 && s.Months%12 == 0:
		return count(s.Months/12, "year", "years")
	case s.Months != 0:
		return count(s.Months, "month", "months")
	case s.Days != 0 && strings.HasSuffix(s.Text, "w"):
		return count(s.Days/7, "week", "weeks")
	case s.Days != 0:
		return count(s.Days, "day", "days")
	case s.Dur%time.Hour == 0:
		return count(int(s.Dur/time.Hour), "hour", "hours")
	}
	return count(int(s.Dur/time.Minute), "minute", "minutes")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// clock is t where the account is: "Fri 6 Feb 09:00", with the year when it is another.
func (w *walk) clock(t time.Time) string { return moment(t.In(w.in.Zone), w.at.Year()) }

func moment(t time.Time, year int) string {
	if t.Year() == year {
		return t.Format("Mon 2 Jan 15:04")
	}
	return t.Format("Mon 2 Jan 2006 15:04")
}

// verdict says how a condition came out.
func verdict(t rules.Truth, src string, unset []string) string {
	src = strings.Join(strings.Fields(src), " ")
	switch t {
	case rules.True:
		return src + " holds"
	case rules.False:
		return src + " does not hold"
	case rules.Unknown:
	}
	if len(unset) == 0 {
		return src + " is unknown"
	}
	verb := " is not set"
	if len(unset) > 1 {
		verb = " are not set"
	}
	return src + " is unknown: " + strings.Join(unset, ", ") + verb
}

// Doing is what an enrollment does now, in words: "waits until Mon 4 May 09:00".
// Times are shown in zone.
func Doing(p *Program, st State, zone *time.Location) string {
	if st.Over {
		return "ended: " + st.Outcome
	}
	if len(st.Arms) > 0 {
		return doingAll(p, Waits(st), zone)
	}
	if st.Wait == nil {
		return "on its way"
	}
	return waiting(p, *st.Wait, zone)
}

// doingAll is what several counters wait for, the first few of them.
func doingAll(p *Program, all []Wait, zone *time.Location) string {
	const most = 3
	var said []string
	for _, wait := range all[:min(len(all), most)] {
		said = append(said, wait.Path+" "+waiting(p, wait, zone))
	}
	if len(all) > most {
		said = append(said, fmt.Sprintf("and %d more", len(all)-most))
	}
	if len(said) == 0 {
		return "on its way"
	}
	return strings.Join(said, "; ")
}

func waiting(p *Program, wait Wait, zone *time.Location) string {
	until := ""
	if !wait.Until.IsZero() {
		until = " until " + moment(wait.Until.In(zone), wait.Since.In(zone).Year())
	}
	reason := ""
	if wait.Reason != "" {
		reason = " (" + wait.Reason + ")"
	}
	switch wait.Kind {
	case taskVerb:
		return "waits for the task to be done" + until
	case approvalKind:
		return "waits for an answer" + until
	case reviewKind:
		return "waits for a review of the draft" + until
	case eventKind:
		what := "an event"
		if s := StepOf(p, wait.Path); s != nil {
			if spec, ok := s.Spec.(*Listening); ok {
				what = orList(spec.Events)
			}
		}
		return "waits for " + what + until
	case childKind:
		return "waits for another playbook to end" + until
	case "park":
		return "held back" + until + reason
	case "unknown":
		return "waits to learn whether the message arrived" + until
	case "shift", "retry":
		return "waits to send" + until + reason
	}
	return "waits" + until + reason
}

// InWords is a span as people say it: "4 business days".
func InWords(s calendar.Span) string { return inWords(s) }
