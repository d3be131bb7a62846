package playtest

import (
	"slices"
	"strings"

	"holdfast/activities"
	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/internal/source"
)

// test reads the document; nil when it cannot be played at all.
func (r *reader) test() *Test {
	r.doc.Strict(&r.l, "the test", "test", "playbook", "given", "events", "expect", "partial")
	name := r.doc.Get("test")
	r.t.Name, r.t.At = name.String(&r.l, "test"), name.Span()
	if r.t.Name == "" && name.Kind() != source.Map {
		r.l.Errorf(r.doc.Key("test").Span(), "missing-key", "say in a sentence what must hold", "a test needs a name")
	}
	r.t.Partial = r.doc.Get("partial").Bool(&r.l, "partial")
	if !r.playbook() || !r.given() {
		return nil
	}
	r.events(r.doc.Get("events"), false)
	r.expect(r.doc.Get("expect"))
	return r.t
}

// playbook finds what the test is about.
func (r *reader) playbook() bool {
	p, want := r.suite.Project, project.Tested(r.doc)
	if b := p.Playbook(want); b != nil {
		r.t.Case.Project, r.t.Case.Playbook = p, b
		r.t.books = r.t.Case.Books()
		return true
	}
	if slices.Contains(p.Broken, want) {
		return false // its mistakes were told
	}
	var known []string
	for _, b := range p.Playbooks {
		known = append(known, b.Name)
	}
	at := r.t.At
	if n := r.doc.Get("playbook"); n != nil {
		at = n.Span()
	}
	r.l.Errorf(at, "unknown-playbook", choose(want, known, "name it: playbook: …"), "there is no playbook %q", want)
	return false
}

// get is what is given under key: the test's own, or the shared one.
func (r *reader) get(key string) *source.Node {
	for _, g := range slices.Backward(r.givens) {
		if v := g.Get(key); v != nil {
			return v
		}
	}
	return nil
}

// given reads who the account is and what is known of it at the start.
func (r *reader) given() bool {
	for _, g := range r.givens {
		g.Strict(&r.l, "given", "now", "until", "trigger", "account", "contacts", "objects", "events", "tasks", "team")
	}
	if !r.account() {
		return false
	}
	if team := r.get("team"); team != nil {
		mine := *r.suite.Project
		mine.Team = project.ReadTeam(team, &r.l)
		r.t.Case.Project = &mine
	}
	c := &r.t.Case
	if c.Tasks = sim.People(r.get("tasks").Word(&r.l, "tasks", string(sim.Done), string(sim.Idle))); c.Tasks == "" {
		c.Tasks = sim.Done
	}
	r.trigger(r.get("trigger"))
	r.owned()
	if !r.times() {
		return false
	}
	r.contacts()
	r.objects(r.get("objects"))
	r.events(r.get("events"), true)
	for i := range c.Known {
		if c.Known[i].At.IsZero() {
			c.Known[i].At = c.At
		}
	}
	return true
}

// times reads now and until, by the account's clock.
func (r *reader) times() bool {
	c := &r.t.Case
	now := r.get("now")
	if now.Kind() == source.Null {
		r.l.Errorf(r.t.At, "missing-key", "write given: {now: 2026-02-02 09:00}", "a test needs given.now, the moment where it starts")
		return false
	}
	w, ok := r.window(now, false)
	if !ok {
		return false
	}
	c.At = w.From
	until := r.get("until")
	if until == nil {
		if c.Natural {
			r.l.Errorf(r.get("trigger").Span(), "missing-key", "add until: +30d", "without a trigger the test needs given.until: it may never start")
			return false
		}
		return true
	}
	if w, ok = r.window(until, true); !ok {
		return false
	}
	c.Until = w.From
	switch {
	case !c.Until.After(c.At):
		r.l.Errorf(until.Span(), "wrong-order", "write a later moment, such as +30d", "until is not after now")
		return false
	case c.Until.After(c.At.AddDate(maxYears, 0, 0)):
		r.l.Errorf(until.Span(), "too-large", "stop earlier", "a test may last %d years at most", maxYears)
		return false
	}
	return true
}

func (r *reader) trigger(n *source.Node) {
	if n == nil {
		return
	}
	c := &r.t.Case
	if c.Trigger = n.String(&r.l, "trigger"); c.Trigger == "none" {
		c.Trigger, c.Natural = "", true
		return
	}
	var known []string
	for _, t := range c.Playbook.Triggers {
		known = append(known, t.ID)
	}
	if c.Trigger != "" && !slices.Contains(known, c.Trigger) {
		r.l.Errorf(n.Span(), "unknown-trigger", choose(c.Trigger, append(known, "none"), ""), "playbook %s has no trigger %q", c.Playbook.Name, c.Trigger)
	}
}

// owned finds where the account lives and who owns it.
func (r *reader) owned() {
	rec, err := r.rules.Record("account", r.t.Case.Known[0].Props)
	if err != nil {
		return // each field was told
	}
	p := activities.ProjectOf(r.t.Case.Project)
	r.t.zone, r.t.days = p.Place(rec)
	owner, _ := rec["owner"].(string)
	for _, one := range r.t.Case.Project.Team {
		if owner != "" && (one.ID == owner || strings.EqualFold(one.Email, owner)) {
			r.t.owner = one.ID
		}
	}
	if r.t.owner == "" && len(r.t.Case.Project.Team) > 0 {
		r.t.owner = r.t.Case.Project.Team[0].ID
	}
}

// choose is a hint for a word that is none of known.
func choose(word string, known []string, otherwise string) string {
	switch near := source.Suggest(word, known); {
	case near != "":
		return `did you mean "` + near + `"?`
	case len(known) == 1:
		return "write " + known[0]
	case len(known) > 0 && len(known) <= 12:
		return "use one of " + strings.Join(known, ", ")
	}
	return otherwise
}

// place names a node for a message that is refused later.
func place(n *source.Node) string { return at(n.Span()) }

func at(s diag.Span) string { return s.File + ":" + itoa(s.Line) + ":" + itoa(s.Col) }
