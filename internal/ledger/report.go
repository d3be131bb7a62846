package ledger

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"holdfast"
)

// Finding is one thing that must not be.
type Finding struct {
	Kind       string `json:"kind"` // duplicate, lost, unnamed, untold, late, stuck, missing, final
	Touch      string `json:"touch,omitempty"`
	Enrollment string `json:"enrollment,omitempty"`
	Account    string `json:"account,omitempty"`
	Path       string `json:"path,omitempty"`
	State      string `json:"state,omitempty"`
	What       string `json:"what"`
}

// mostFindings is how many are kept; the rest is counted.
const mostFindings = 1000

// Report is what a check has found. Touches are messages to people; Cards are
// tasks shown to our own people, which may be handed out more than once.
type Report struct {
	Enrollments int                         `json:"enrollments"`
	Touches     int                         `json:"touches"`
	Cards       int                         `json:"cards"`
	States      map[holdfast.TouchState]int `json:"states"` // of Touches
	Sightings   int                         `json:"sightings"`
	Accepted    int                         `json:"accepted,omitempty"` // lines of the provider's record
	CardsTwice  int                         `json:"cards_twice,omitempty"`
	// LaterSeen counts unconfirmed touches of which the provider told after the
	// matter was closed: they went.
	LaterSeen int       `json:"later_seen,omitempty"`
	Findings  []Finding `json:"findings"`
	Wrong     int       `json:"wrong"` // findings, those that are not kept as well
}

// Clean reports whether nothing is wrong.
func (r *Report) Clean() bool { return r.Wrong == 0 }

func (r *Report) add(f Finding) {
	r.Wrong++
	if len(r.Findings) < mostFindings {
		r.Findings = append(r.Findings, f)
	}
}

// Text prints the report for people.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d touches of %d enrollments", r.Touches, r.Enrollments)
	var states []string
	for _, s := range slices.Sorted(maps.Keys(r.States)) {
		states = append(states, fmt.Sprintf("%s %d", s, r.States[s]))
	}
	if len(states) > 0 {
		fmt.Fprintf(&b, ": %s", strings.Join(states, ", "))
	}
	fmt.Fprintf(&b, "\n%d task cards", r.Cards)
	if r.CardsTwice > 0 {
		fmt.Fprintf(&b, ", %d of them shown more than once, as a card may be", r.CardsTwice)
	}
	fmt.Fprintf(&b, "\nproviders told %d things of them", r.Sightings)
	if r.Accepted > 0 {
		fmt.Fprintf(&b, ", and accepted %d messages", r.Accepted)
	}
	b.WriteString("\n")
	if n := r.States[holdfast.Unknown]; n > 0 {
		fmt.Fprintf(&b, "%d unknown: the provider may have taken them, and has not said so yet\n", n)
	}
	if n := r.States[holdfast.Unconfirmed]; n > 0 {
		fmt.Fprintf(&b, "%d unconfirmed: the provider did not say within a day whether it took them", n)
		if r.LaterSeen > 0 {
			fmt.Fprintf(&b, "; of %d it did later: they went", r.LaterSeen)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%-9s  %s\n", f.Kind, f.What)
	}
	if more := r.Wrong - len(r.Findings); more > 0 {
		fmt.Fprintf(&b, "and %d more\n", more)
	}
	if r.Clean() {
		fmt.Fprintf(&b, "%d touches, each at most once, none without a state\n", r.Touches)
	} else {
		fmt.Fprintf(&b, "%d wrong\n", r.Wrong)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
