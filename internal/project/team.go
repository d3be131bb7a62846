package project

import (
	"regexp"

	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// Person of team.yaml. ID is what accounts name as their owner; Manager is
// another's ID. Only ID is never empty.
type Person struct {
	ID, Name, Email, Slack, Timezone, Manager, Role string

	Capacity Capacity
}

// Capacity is how much one person can look after; 0 is not said.
type Capacity struct {
	Tasks    int // in a week
	Accounts int
}

// Person by id; ok is false when the team has none of that id.
func (p *Project) Person(id string) (person Person, ok bool) {
	for _, person := range p.Team {
		if person.ID == id {
			return person, true
		}
	}
	return Person{}, false
}

var (
	ids      = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)
	slackIDs = regexp.MustCompile(`^[UW][A-Z0-9]+$`)
)

// takeTeam reads the `team:` list.
func (ld *loader) takeTeam() {
	l := &ld.diags
	ld.team.Strict(l, "the team", source.Keys(teamKind.Keys, "")...)
	ld.people(ld.team.Get("team"))
}

// ReadTeam reads a list of people as team.yaml has it; mistakes go to l.
func ReadTeam(list *source.Node, l *diag.List) []Person {
	ld := &loader{p: &Project{}}
	ld.people(list)
	l.Add(ld.diags.All...)
	return ld.p.Team
}

func (ld *loader) people(list *source.Node) {
	l := &ld.diags
	if list != nil && list.Kind() != source.List {
		l.Errorf(list.Span(), "wrong-type", "write a list of {id, name, email}", "team must be a list")
	}
	seen := map[string]diag.Span{}
	for _, n := range list.Items() {
		n.Strict(l, "a person", source.Keys(teamKind.Keys, "team")...)
		id := n.Require(l, "a person", "id")
		p := Person{
			ID:       ld.matched(id, "id", ids, "use small letters, digits, dot, hyphen and _"),
			Name:     n.Get("name").String(l, "name"),
			Email:    ld.matched(n.Get("email"), "email", addresses, "write an address"),
			Slack:    ld.matched(n.Get("slack"), "slack", slackIDs, "write the member id, such as U0123ABCD"),
			Timezone: ld.zone(n.Get("timezone")),
			Manager:  n.Get("manager").String(l, "manager"),
			Role:     n.Get("role").String(l, "role"),
			Capacity: ld.capacity(n.Get("capacity")),
		}
		if first, taken := seen[p.ID]; taken && p.ID != "" {
			l.Errorf(id.Span(), "duplicate-name", "give each an id of their own", "the person of line %d is %q too", first.Line, p.ID)
			continue
		}
		seen[p.ID] = id.Span()
		ld.p.Team = append(ld.p.Team, p)
	}
	ld.managers(list, seen)
}

// capacity reads {tasks, accounts}.
func (ld *loader) capacity(n *source.Node) (c Capacity) {
	if n == nil {
		return c
	}
	n.Strict(&ld.diags, "capacity", source.Keys(teamKind.Keys, "team.capacity")...)
	if t := n.Get("tasks"); t != nil {
		c.Tasks = t.Int(&ld.diags, "tasks", 1, 10_000)
	}
	if a := n.Get("accounts"); a != nil {
		c.Accounts = a.Int(&ld.diags, "accounts", 1, 100_000)
	}
	return c
}

// managers must be of the team, or escalation would reach nobody.
func (ld *loader) managers(list *source.Node, seen map[string]diag.Span) {
	var known []string
	for id := range seen {
		known = append(known, id)
	}
	for _, n := range list.Items() {
		m := n.Get("manager")
		if _, ok := seen[m.Text()]; ok || m.Text() == "" {
			continue
		}
		hint := "add them to the team"
		if s := source.Suggest(m.Text(), known); s != "" {
			hint = `did you mean "` + s + `"?`
		}
		ld.diags.Errorf(m.Span(), "unknown-person", hint, "nobody in the team is %q", m.Text())
	}
}
