package plan

import (
	"maps"
	"slices"
	"strconv"

	"holdfast/internal/project"
	"holdfast/playbooks"
	"holdfast/steps"
)

// Plan is what a release would do. Its JSON is what `apply --plan` takes back.
type Plan struct {
	Release int64  `json:"release"` // in force when it was made; 0 none
	From    string `json:"from,omitempty"`
	Digest  string `json:"digest"` // of the files that it was made from
	Source  string `json:"source,omitempty"`

	Playbooks   []Playbook   `json:"playbooks"`
	Live        []Change     `json:"live"`
	Triggers    []Trigger    `json:"triggers"`
	Problems    []Problem    `json:"problems"` // it cannot be applied while there is one
	Groups      []Group      `json:"groups"`
	Enrollments []Enrollment `json:"enrollments"`
	Move        Choice       `json:"move"`
}

// Choice is who is moved, and how. Playbooks nil is nobody, unless All.
type Choice struct {
	All        bool     `json:"all,omitempty"`
	Playbooks  []string `json:"playbooks,omitempty"`
	Where      string   `json:"where,omitempty"` // CEL over the account
	CloseTasks bool     `json:"close_tasks,omitempty"`
	Stop       bool     `json:"stop,omitempty"` // end those whose playbook is gone
}

// Any reports whether anybody is moved.
func (c Choice) Any() bool { return c.All || len(c.Playbooks) > 0 }

// Of reports whether those of a playbook are meant.
func (c Choice) Of(playbook string) bool { return c.All || slices.Contains(c.Playbooks, playbook) }

// Playbook is what becomes of one playbook.
type Playbook struct {
	Name    string   `json:"name"`
	Op      Op       `json:"op"` // add, remove, change, text; "" = the same
	Old     string   `json:"old,omitempty"`
	New     string   `json:"new,omitempty"`
	Changes []Change `json:"changes,omitempty"`
	Running int      `json:"running"` // enrollments
	Behind  int      `json:"behind"`  // of them, on another version than the one that is published then
}

// Trigger is a condition that is new, and of how many accounts it is true.
type Trigger struct {
	Playbook string `json:"playbook"`
	Trigger  string `json:"trigger"`
	True     int    `json:"true"`
	Enrols   bool   `json:"enrols"` // existing: enroll; otherwise they are marked and not enrolled
}

// Problem is why a release cannot be applied.
type Problem struct {
	What string `json:"what"`
	Hint string `json:"hint,omitempty"`
}

// Input is all that a plan is made from, read in one snapshot.
type Input struct {
	Release    int64
	From       string            // the digest of the release's files
	Files      map[string]string // of the release in force; nil when there is none
	New        *project.Project
	Source     string
	Heads      map[string]string // playbook -> digest
	Bundle     func(digest string) (playbooks.Bundle, error)
	Version    func(digest string) (*playbooks.Playbook, error) // opened under the new rules
	Running    []Running
	Triggers   []Trigger
	Move       Choice
	CloseTasks bool
	Stop       bool
}

// Build makes the plan.
func Build(in Input) (Plan, error) {
	in.CloseTasks, in.Stop = in.Move.CloseTasks, in.Move.Stop
	p := Plan{
		Release: in.Release, From: in.From, Digest: project.Digest(in.New.Files), Source: in.Source, Move: in.Move,
		Triggers: in.Triggers, Enrollments: in.fates(),
	}
	if in.Files != nil {
		p.Live = Live(in.Files, in.New.Files)
	}
	var err error
	if p.Playbooks, err = in.playbooks(p.Enrollments); err != nil {
		return Plan{}, err
	}
	p.Groups = groups(p.Enrollments)
	p.Problems = in.problems(p.Groups)
	p.Playbooks, p.Live, p.Triggers = some(p.Playbooks), some(p.Live), some(p.Triggers)
	p.Problems, p.Groups = some(p.Problems), some(p.Groups)
	return p, nil
}

// some keeps JSON's lists lists.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (in *Input) playbooks(running []Enrollment) ([]Playbook, error) {
	now := map[string]*playbooks.Playbook{}
	for _, b := range in.New.Playbooks {
		now[b.Name] = b
	}
	heads := map[string]string{}
	maps.Copy(heads, in.Heads)
	for _, e := range running {
		if _, ok := heads[e.Playbook]; !ok && now[e.Playbook] == nil {
			heads[e.Playbook] = "" // it went with a release before
		}
	}
	var all []Playbook
	for _, name := range union(heads, digests(now)) {
		b := Playbook{Name: name, Old: heads[name]}
		for _, e := range running {
			if e.Playbook == name {
				b.Running++
				if now[name] != nil && e.Version != now[name].Digest {
					b.Behind++
				}
			}
		}
		switch {
		case now[name] == nil && b.Old == "":
			continue
		case now[name] == nil:
			b.Op = Removed
		case b.Old == "":
			b.Op, b.New = Added, now[name].Digest
		case b.Old != now[name].Digest:
			b.New = now[name].Digest
			old, err := in.Bundle(b.Old)
			if err != nil {
				return nil, err
			}
			b.Op, b.Changes = Changed, Bundles(old, now[name].Bundle)
			if b.Changes[0].Op == Text {
				b.Op = Text
			}
		default:
			b.New = b.Old
		}
		all = append(all, b)
	}
	return all, nil
}

func digests(books map[string]*playbooks.Playbook) map[string]string {
	all := map[string]string{}
	for name, b := range books {
		all[name] = b.Digest
	}
	return all
}

// problems are versions that somebody runs and that the new rules would break.
func (in *Input) problems(all []Group) []Problem {
	count := map[string]int{}
	for _, g := range all {
		if g.Fate == Broken {
			count[g.Version] += g.Count
		}
	}
	var out []Problem
	for _, g := range all {
		if n := count[g.Version]; n > 0 {
			out = append(out, Problem{
				What: strconv.Itoa(n) + " running on version " + playbooks.Short(g.Version) + " of " + g.Playbook + " would be stopped: " + g.Notes[0],
				Hint: "keep what it reads until they have ended, or move them first: holdfast apply --move " + g.Playbook + " with the rules as they are",
			})
			delete(count, g.Version)
		}
	}
	return out
}

// Changes reports whether applying the plan would publish anything.
func (p *Plan) Changes() bool {
	return p.From != p.Digest || slices.ContainsFunc(p.Playbooks, func(b Playbook) bool { return b.Op != "" })
}

// Moves counts the enrollments that applying it moves.
func (p *Plan) Moves() int {
	n := 0
	for _, e := range p.Enrollments {
		if e.Moves && !e.Asked {
			n++
		}
	}
	return n
}

// Blocked counts those that cannot be moved.
func (p *Plan) Blocked() int {
	n := 0
	for _, g := range p.Groups {
		if g.Fate == steps.Blocked {
			n += g.Count
		}
	}
	return n
}
