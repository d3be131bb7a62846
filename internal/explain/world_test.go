package explain

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/internal/store"
	"holdfast/playbooks"
)

const settings = `
project: explained
timezone: Europe/Berlin
country: DE
currency: EUR
salt: explained
sender: {name: Holdfast, email: hello@holdfast.example}
`

const team = `
team:
  - {id: mira, name: Mira, email: mira@holdfast.example, timezone: Europe/Berlin}
`

const testRules = `
schema: account
fields:
  name:         {type: string}
  owner:        {type: string}
  status:       {type: string, enum: [trial, active, churned]}
  arr:          {type: money}
  seats:        {type: int}
  renewal_date: {type: date}
  fragile:      {type: bool}
---
schema: contact
fields:
  email:      {type: string}
  first_name: {type: string}
  last_name:  {type: string}
  role:       {type: string}
---
event: Ticket Opened
fields:
  priority: {type: string, enum: [low, urgent]}
---
event: Saved
---
event: Shipped
of: all
---
metric: tickets
count: Ticket Opened
window: 30d
---
segment: dear
when: account.arr >= 10000 && account.status == "active"
`

// start is a Monday morning in Berlin.
var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// newProject writes and loads a project of some playbooks.
func newProject(t testing.TB, books ...string) *project.Project {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"holdfast.yaml": settings, "team.yaml": team, "rules/rules.yaml": testRules, "playbooks/all.yaml": strings.Join(books, "\n---\n"),
		"templates/hello.md": "---\nsubject: Hello {{ account.name }}\n---\nHello.\n",
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, found, err := project.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diag.Failed(found) {
		t.Fatal(found)
	}
	return p
}

// production is a running product with one account in it, to be explained: the
// same parts that explain uses, playing what really happens.
type production struct {
	*world

	t   testing.TB
	n   int
	due map[string]time.Time
}

func newProduction(t testing.TB, p *project.Project) *production {
	t.Helper()
	w, err := newWorld(p, "acme", start)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	pr := &production{world: w, t: t, due: map[string]time.Time{}}
	pr.publish(p.Playbooks)
	return pr
}

func (p *production) publish(books []*playbooks.Playbook) {
	p.t.Helper()
	if _, err := p.intake.Publish(p.t.Context(), books); err != nil {
		p.t.Fatal(err)
	}
}

// group, people and event are live messages of now.
func (p *production) group(props map[string]any) {
	p.t.Helper()
	p.message(holdfast.Message{Kind: holdfast.Group, Account: "acme", Props: props})
}

func (p *production) person(id string, props map[string]any) {
	p.t.Helper()
	p.message(holdfast.Message{Kind: holdfast.Identify, Account: "acme", Contact: id, Props: props})
}

func (p *production) event(name string, props map[string]any) {
	p.t.Helper()
	p.message(holdfast.Message{Kind: holdfast.Track, Event: name, Account: "acme", Props: props})
}

func (p *production) message(m holdfast.Message) {
	p.t.Helper()
	m.Props = maps.Clone(m.Props) // tables share theirs between tests that run together
	for k, v := range m.Props {
		if n, ok := v.(int); ok {
			m.Props[k] = float64(n)
		}
	}
	p.n++
	m.ID, m.Source, m.At = "m-"+string(rune('0'+p.n)), "system", p.clock.Now()
	res, err := p.intake.Take(p.t.Context(), []holdfast.Message{m}, intake.Live)
	if err != nil || len(res.Problems) > 0 {
		p.t.Fatal(err, res.Problems)
	}
	if err := p.settle(p.t.Context(), p.due); err != nil {
		p.t.Fatal(err)
	}
}

// silent is a change that nothing has looked at yet.
func (p *production) silent(props map[string]any) {
	p.t.Helper()
	err := p.store.Update(p.t.Context(), func(tx store.Tx) error {
		a, err := tx.Account("acme")
		if err != nil {
			return err
		}
		for k, v := range props {
			a.Fields[k] = store.Field{Value: v, At: p.clock.Now(), Message: "silent"}
		}
		return tx.PutAccount(a)
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// hold puts an account into the holdout of playbook x.
func (p *production) hold(account string) {
	p.t.Helper()
	err := p.store.Update(p.t.Context(), func(tx store.Tx) error { return tx.PutArm("x", account, intake.HeldOut) })
	if err != nil {
		p.t.Fatal(err)
	}
}

// tickets of an account, one a day, from somebody's system.
func (p *production) tickets(account string, from, to int) {
	p.t.Helper()
	for day := from; day < to; day++ {
		p.clock.Move(start.AddDate(0, 0, day))
		m := holdfast.Message{ID: fmt.Sprint("t", day), Source: "desk", Kind: holdfast.Track, Event: "Ticket Opened", Account: account, At: p.clock.Now(), Props: map[string]any{"priority": "low"}}
		if res, err := p.intake.Take(p.t.Context(), []holdfast.Message{m}, intake.Live); err != nil || len(res.Problems) > 0 {
			p.t.Fatal(err, res.Problems)
		}
	}
}

// play lets time pass; nobody does tasks by themselves but the assumed people.
func (p *production) play(until time.Time) {
	p.t.Helper()
	if err := p.ahead(p.t.Context(), until, func() bool { return false }); err != nil {
		p.t.Fatal(err)
	}
	p.clock.Move(until)
}

// ask explains the account as it stands.
func (p *production) ask(q Question) *Report {
	p.t.Helper()
	if q.Account == "" {
		q.Account = p.account
	}
	if q.At.IsZero() {
		q.At = p.clock.Now()
	}
	r, err := Stored(p.t.Context(), p.store, p.project, q)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// short is the short answer about one playbook.
func (p *production) short(playbook string) string {
	p.t.Helper()
	r := p.ask(Question{Playbook: playbook})
	return r.Playbooks[0].Short
}

func (p *production) lines() []store.Line {
	p.t.Helper()
	var lines []store.Line
	err := p.store.View(context.Background(), func(tx store.Tx) (err error) {
		lines, err = tx.Lines(0, 0)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return lines
}

// placed are messages as if they were read from a file.
func placed(ms []holdfast.Message) []sim.Message {
	var out []sim.Message
	for _, m := range ms {
		out = append(out, sim.Message{Place: "log.jsonl", Message: m})
	}
	return out
}

// printed is a report as people read it, without colours.
func printed(t testing.TB, r *Report, style Style) string {
	t.Helper()
	var b strings.Builder
	if err := r.Print(&b, style); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
