package project

import (
	"maps"
	"regexp"
	"slices"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// Person of team.yaml. ID is what accounts name as their owner; Manager and
// Deputy are others' IDs. Only ID is never empty.
type Person struct {
	ID, Name, Email, Slack, Timezone, Manager, Role string

	Country  string          // of their holidays; "" the project's
	Hours    calendar.Window // when they work; without days Monday to Friday, without hours nine to five
	Away     []Away          // by From
	Left     time.Time       // the day from which they are gone for good; zero: they are here
	Deputy   string          // stands in for them when they are away or gone; ""
	Pool     string          // the pool that takes what is too much for them; ""
	Capacity Capacity
}

// Away is a time in which somebody is not there, whole days by their own clock,
// the last one included.
type Away struct {
	From, To time.Time
	Deputy   string // "": the person's own
}

// Pool is a group of the team who take work over from one another.
type Pool struct {
	Name    string
	Members []string // ids, sorted
}

// gone is Left of people who are gone already, whenever that was.
var gone = time.Unix(0, 0).UTC()

// Capacity is how much one person can look after; 0 is not said.
type Capacity struct {
	Tasks    int // in a week
	Open     int // at one time
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
	ld.pools(ld.team.Get("pools"))
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
			Country:  ld.country(n.Get("country")),
			Hours:    ld.hours(n),
			Away:     ld.away(n.Get("away")),
			Left:     ld.left(n.Get("left")),
			Deputy:   n.Get("deputy").String(l, "deputy"),
			Pool:     n.Get("pool").String(l, "pool"),
			Capacity: ld.capacity(n.Get("capacity")),
		}
		if first, taken := seen[p.ID]; taken && p.ID != "" {
			l.Errorf(id.Span(), "duplicate-name", "give each an id of their own", "the person of line %d is %q too", first.Line, p.ID)
			continue
		}
		seen[p.ID] = id.Span()
		ld.p.Team = append(ld.p.Team, p)
	}
	ld.colleagues(list, seen)
	ld.deputies(list)
}

// capacity reads {tasks, open, accounts}.
func (ld *loader) capacity(n *source.Node) (c Capacity) {
	if n == nil {
		return c
	}
	n.Strict(&ld.diags, "capacity", source.Keys(teamKind.Keys, "team.capacity")...)
	if t := n.Get("tasks"); t != nil {
		c.Tasks = t.Int(&ld.diags, "tasks", 1, 10_000)
	}
	if o := n.Get("open"); o != nil {
		c.Open = o.Int(&ld.diags, "open", 1, 10_000)
	}
	if a := n.Get("accounts"); a != nil {
		c.Accounts = a.Int(&ld.diags, "accounts", 1, 100_000)
	}
	return c
}

// colleagues reports managers and deputies who are not of the team: work would reach
// nobody.
func (ld *loader) colleagues(list *source.Node, seen map[string]diag.Span) {
	for _, n := range list.Items() {
		ld.colleague(n.Get("manager"), seen)
		ld.colleague(n.Get("deputy"), seen)
		for _, away := range n.Get("away").Items() {
			ld.colleague(away.Get("deputy"), seen)
		}
	}
}

func (ld *loader) colleague(ref *source.Node, seen map[string]diag.Span) {
	if _, ok := seen[ref.Text()]; ok || ref.Text() == "" {
		return
	}
	hint := "add them to the team"
	if s := source.Suggest(ref.Text(), slices.Sorted(maps.Keys(seen))); s != "" {
		hint = `did you mean "` + s + `"?`
	}
	ld.diags.Errorf(ref.Span(), "unknown-person", hint, "nobody in the team is %q", ref.Text())
}
