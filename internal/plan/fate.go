package plan

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/steps"
)

// Running is an enrollment that runs, as it was read.
type Running struct {
	ID, Account, Playbook, Digest string
	Doing                         string // in words, without the step
	State                         steps.State
	Zone                          *time.Location
	Days                          calendar.Days
	Asked                         bool         // a move to the version that is published is asked for already
	Chosen                        bool         // by --move
	Facts                         *rules.Facts // of the account; nil: not known
}

// Fates besides those of a move. Kept: its version is the one published, or its
// playbook is gone. Broken: its version cannot be read under the new rules.
const (
	Kept   steps.Fate = "kept"
	Broken steps.Fate = "broken"
)

// Enrollment is what becomes of one that runs.
type Enrollment struct {
	ID       string     `json:"id"`
	Account  string     `json:"account"`
	Playbook string     `json:"playbook"`
	Version  string     `json:"version"`
	Step     string     `json:"step,omitempty"`
	Doing    string     `json:"doing,omitempty"`
	Fate     steps.Fate `json:"fate"`  // by a move: stays, lands, ends, begins, blocked; else kept, broken
	Moves    bool       `json:"moves"` // this apply moves it
	Asked    bool       `json:"asked,omitempty"`
	To       string     `json:"to,omitempty"`
	Code     string     `json:"code,omitempty"`
	Wakes    time.Time  `json:"wakes,omitzero"` // by the clock, after a move
	Notes    []string   `json:"notes,omitempty"`
	Runs     []string   `json:"runs,omitempty"`  // steps that are new and still ahead of it
	Skips    []string   `json:"skips,omitempty"` // steps that are new and not run for it
}

// fates asks steps.Move for each of the running enrollments, in their order.
func (in *Input) fates() []Enrollment {
	all := make([]Enrollment, 0, len(in.Running))
	fresh := map[string]map[string]bool{} // digest -> ids of the new version that it does not have
	come := map[[2]string]map[string]bool{}
	for _, r := range in.Running {
		e := Enrollment{
			ID: r.ID, Account: r.Account, Playbook: r.Playbook, Version: r.Digest, Step: r.State.At, Doing: r.Doing,
			Fate: Kept, Asked: r.Asked,
		}
		old, err := in.Version(r.Digest)
		head := in.New.Playbook(r.Playbook)
		switch {
		case err != nil:
			e.Fate, e.Notes = Broken, []string{err.Error()}
		case head == nil:
			e.Notes = []string{"its playbook is gone; it goes on in its version to its end"}
			if in.Stop {
				e.Notes = []string{"its playbook is gone; it is stopped"}
			}
		case head.Digest != r.Digest:
			in.fate(&e, r, old, head)
			if fresh[r.Digest] == nil {
				fresh[r.Digest] = inserted(old.Program, head.Program)
			}
			at := [2]string{head.Digest, e.To}
			if come[at] == nil {
				come[at] = steps.Ahead(head.Program, e.To)
			}
			e.Runs, e.Skips = split(head.Program, e, fresh[r.Digest], come[at])
			e.Moves = r.Chosen && e.Fate != steps.Blocked
		}
		all = append(all, e)
	}
	return all
}

func (in *Input) fate(e *Enrollment, r Running, old, head *playbooks.Playbook) {
	m := steps.Move(old.Program, head.Program, r.State, steps.Moving{Zone: r.Zone, Days: r.Days, CloseTasks: in.CloseTasks})
	e.Fate, e.To, e.Code, e.Notes = m.Fate, m.To, m.Code, m.Notes
	if m.Fate != steps.Blocked && m.State.Wait != nil {
		e.Wakes = m.State.Wait.Until
	}
	if m.Fate == steps.Blocked || r.Facts == nil {
		return
	}
	if x := head.TrueAtOnce(old, r.Facts); x != nil {
		e.Fate, e.To, e.Code, e.Wakes = steps.Ends, "", "exit", time.Time{}
		e.Notes = []string{"an exit that is new is true of it already, " + x.When.Source() + ": it ends as " + x.Outcome}
	}
}

// inserted are the steps of to that old does not have, under any name.
func inserted(old, to *steps.Program) map[string]bool {
	ids := map[string]bool{}
	for _, s := range to.Steps {
		if old.ByID[s.ID] == nil && old.ByID[s.Was] == nil {
			ids[s.ID] = true
		}
	}
	return ids
}

// split tells the new steps that still come from those that do not.
func split(p *steps.Program, e Enrollment, fresh, come map[string]bool) (runs, skips []string) {
	if e.Fate == steps.Blocked {
		return nil, nil
	}
	for _, s := range p.Steps {
		switch {
		case !fresh[s.ID]:
		case come[s.ID] && e.Fate != steps.Ends:
			runs = append(runs, s.ID)
		default:
			skips = append(skips, s.ID)
		}
	}
	return runs, skips
}

// Group is enrollments of one version that fare alike.
type Group struct {
	Playbook string     `json:"playbook"`
	Version  string     `json:"version"`
	Step     string     `json:"step,omitempty"`
	Fate     steps.Fate `json:"fate"`
	Moves    bool       `json:"moves"`
	To       string     `json:"to,omitempty"`
	Code     string     `json:"code,omitempty"`
	Notes    []string   `json:"notes,omitempty"`
	Runs     []string   `json:"runs,omitempty"`
	Skips    []string   `json:"skips,omitempty"`
	Count    int        `json:"count"`
	First    time.Time  `json:"first_wakes,omitzero"`
	Last     time.Time  `json:"last_wakes,omitzero"`
	Some     []string   `json:"some"` // ids of a few
}

// shownIDs is how many of a group are named.
const shownIDs = 3

func groups(all []Enrollment) []Group {
	index := map[string]int{}
	var out []Group
	for _, e := range all {
		key := strings.Join(append([]string{
			e.Playbook, e.Version, e.Step, string(e.Fate), e.To, e.Code, strings.Join(e.Runs, ","), strings.Join(e.Skips, ","),
		}, e.Notes...), "\x1f")
		if e.Moves {
			key += "\x1fmoves"
		}
		i, ok := index[key]
		if !ok {
			i, index[key] = len(out), len(out)
			out = append(out, Group{
				Playbook: e.Playbook, Version: e.Version, Step: e.Step, Fate: e.Fate, Moves: e.Moves, To: e.To, Code: e.Code,
				Notes: e.Notes, Runs: e.Runs, Skips: e.Skips,
			})
		}
		g := &out[i]
		g.Count++
		if len(g.Some) < shownIDs {
			g.Some = append(g.Some, e.ID)
		}
		if !e.Wakes.IsZero() && (g.First.IsZero() || e.Wakes.Before(g.First)) {
			g.First = e.Wakes
		}
		if e.Wakes.After(g.Last) {
			g.Last = e.Wakes
		}
	}
	slices.SortStableFunc(out, func(a, b Group) int {
		return cmp.Or(strings.Compare(a.Playbook, b.Playbook), strings.Compare(a.Version, b.Version), -cmp.Compare(a.Count, b.Count), strings.Compare(a.Step, b.Step))
	})
	return out
}
