package steps_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
	"holdfast/steps"
)

var update = flag.Bool("update", false, "write the timelines that the tests produce")

// TestTimelines plays each testdata/<verb>/<case>.txtar on virtual time and
// compares the whole timeline. Its world says what happens outside, a line each:
//
//	start 2026-02-02T09:00 Europe/Paris FR
//	account renewal_date=2026-05-01
//	ticket i1 title=Export open=true
//	answer opening shift 2026-02-04T09:30 send_window
//	at 2026-02-05T10:00 event email.replied
//	at 2026-02-05T10:00 closed call done interest=later
//	at 2026-02-05T10:00 set renewal_date=2026-06-01
//	at 2026-02-05T10:00 wake
//	down 2026-02-05T10:00 2026-02-07T12:00
func TestTimelines(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := map[string]string{}
			for _, f := range a.Files {
				parts[f.Name] = string(f.Data)
			}
			set, program := compiled(t, parts["steps.yaml"])
			w := newWorld(t, set, program, parts["world"])
			got := w.play()
			if *update {
				a.Files[len(a.Files)-1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(parts["timeline"], got); diff != "" {
				t.Errorf("timeline (-want +got):\n%s", diff)
			}
		})
	}
}

const schema = `
schema: account
fields:
  name: {type: string}
  arr: {type: money}
  plan: {type: string, enum: [free, pro]}
  renewal_date: {type: date}
  call_at: {type: timestamp}
  executive_sponsor: {type: string}
---
schema: contact
fields:
  first_name: {type: string}
---

event: login
---
object: ticket
of: account
key: id
fields:
  title: {type: string}
  open: {type: bool}
`

func loadRules(t testing.TB) *rules.Set {
	t.Helper()
	docs, found := source.Parse("schema.yaml", []byte(schema))
	if len(found) > 0 {
		t.Fatal(found)
	}
	set, found := rules.Load(docs)
	if len(found) > 0 {
		t.Fatal(found)
	}
	return set
}

// compiled compiles a steps list and fails on any finding.
func compiled(t testing.TB, src string) (*rules.Set, *steps.Program) {
	t.Helper()
	set := loadRules(t)
	docs, found := source.Parse("steps.yaml", []byte(src))
	if len(found) > 0 || len(docs) == 0 {
		t.Fatalf("parse: %v", found)
	}
	var l diag.List
	p := steps.Compile(docs[0], set, nil, &l)
	for _, d := range l.All {
		t.Errorf("%s (hint: %s)", d, d.Hint)
	}
	if t.Failed() {
		t.FailNow()
	}
	return set, p
}

// happening is something outside at a moment.
type happening struct {
	at         time.Time
	kind, what string
	more       []string
}

// world answers what the interpreter asks, as the activities and the store would.
type world struct {
	t        testing.TB
	p        *steps.Program
	set      *rules.Set
	zone     *time.Location
	days     calendar.Days
	now      time.Time
	account  rules.Record
	tickets  []rules.Record
	answers  map[string][]steps.Answer
	future   []happening
	past     []happening // events
	down     [][2]time.Time
	heard    []steps.Heard
	closed   []steps.TaskClosed
	listens  map[string][]string
	timeline strings.Builder
}

func newWorld(t testing.TB, set *rules.Set, p *steps.Program, script string) *world {
	t.Helper()
	w := &world{t: t, p: p, set: set, zone: time.UTC, account: rules.Record{}, answers: map[string][]steps.Answer{}, listens: map[string][]string{}}
	for line := range strings.Lines(script) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
		case f[0] == "start":
			zone, err := calendar.Zone(f[2])
			if err != nil {
				t.Fatal(err)
			}
			w.zone, w.days = zone, calendar.Days{Country: f[3]}
			w.now = w.time(f[1])
		case f[0] == "account":
			w.set1(f[1])
		case f[0] == "ticket":
			w.tickets = append(w.tickets, ticket(f[1:]))
		case f[0] == "answer":
			a := steps.Answer{Outcome: f[2]}
			if len(f) > 3 && f[3] != "-" {
				a.Until = w.time(f[3])
			}
			a.Reason = strings.Join(f[min(4, len(f)):], " ")
			w.answers[f[1]] = append(w.answers[f[1]], a)
		case f[0] == "at":
			w.future = append(w.future, happening{at: w.time(f[1]), kind: f[2], what: strings.Join(f[3:min(4, len(f))], ""), more: f[min(4, len(f)):]})
		case f[0] == "down":
			w.down = append(w.down, [2]time.Time{w.time(f[1]), w.time(f[2])})
		default:
			t.Fatalf("world: what is %q?", line)
		}
	}
	return w
}

func (w *world) time(s string) time.Time {
	w.t.Helper()
	at, err := time.ParseInLocation("2006-01-02T15:04", s, w.zone)
	if err != nil {
		w.t.Fatal(err)
	}
	return at
}

func (w *world) set1(pair string) {
	w.t.Helper()
	name, value, _ := strings.Cut(pair, "=")
	if value == "" {
		delete(w.account, name)
		return
	}
	for _, f := range w.set.AccountFields() {
		if f.Name != name {
			continue
		}
		v, err := rules.Typed(f.Type, value)
		if err != nil {
			w.t.Fatal(err)
		}
		w.account[name] = v
		return
	}
	w.t.Fatalf("no account field %q", name)
}

func (w *world) print(format string, args ...any) {
	fmt.Fprintf(&w.timeline, "%s  %s\n", w.now.In(w.zone).Format("2006-01-02 Mon 15:04"), fmt.Sprintf(format, args...))
}

// play walks until the enrollment is over or nothing can wake it any more.
func (w *world) play() string {
	st := steps.State{V: 1}
	for range 5000 {
		cmd := w.advance(&st)
		if st.Over {
			w.print("ends %s%s", cmd.Outcome, rest(cmd))
			return w.timeline.String()
		}
		if cmd.Kind == steps.Listen {
			w.listens[cmd.Path] = cmd.Events
			w.lookBack(cmd)
			continue
		}
		if !w.sleep(st) {
			w.print("sleeps: %s", steps.Doing(w.p, st, w.zone))
			return w.timeline.String()
		}
	}
	w.t.Fatal("does not come to an end")
	return ""
}

func rest(c steps.Command) string {
	s := ""
	if c.RestFor != "" {
		s += ", rests " + c.RestFor
	}
	if c.Unless != "" {
		s += " unless " + c.Unless
	}
	return s
}

// advance is one activity: at most one touch, then on to the next command.
func (w *world) advance(st *steps.State) steps.Command {
	w.t.Helper()
	var answer *steps.Answer
	for {
		cmd := w.next(st, answer)
		if cmd.Kind != steps.Deliver {
			return cmd
		}
		a := w.deliver(cmd)
		answer = &a
	}
}

func (w *world) facts(now time.Time) *rules.Facts {
	return &rules.Facts{Now: now, Account: w.account, Objects: func(string) []rules.Record { return w.tickets }}
}

// ticket is an object of the account: "i1 title=Export open=true".
func ticket(words []string) rules.Record {
	r := rules.Record{"id": words[0]}
	for _, pair := range words[1:] {
		name, value, _ := strings.Cut(pair, "=")
		r[name] = value
		if name == "open" {
			r[name] = value == "true"
		}
	}
	return r
}

// next is Next, checked for what every call promises.
func (w *world) next(st *steps.State, answer *steps.Answer) steps.Command {
	w.t.Helper()
	before := encode(w.t, *st)
	in := steps.Input{
		Now: w.now, Zone: w.zone, Days: w.days, Facts: w.facts(w.now), Account: "acme",
		Answer: answer, Heard: w.heard, Closed: w.closed,
	}
	after, cmd, lines, err := steps.Next(w.p, *st, in)
	if err != nil {
		w.t.Fatal(err)
	}
	again, _, _, _ := steps.Next(w.p, *st, in)
	if a, b := encode(w.t, after), encode(w.t, again); a != b {
		w.t.Errorf("the same call came out differently:\n%s\n%s", a, b)
	}
	if now := encode(w.t, *st); now != before {
		w.t.Errorf("Next changed its argument:\n%s\n%s", before, now)
	}
	w.ended(after)
	text := encode(w.t, after)
	if len(text) > 400+250*len(steps.Waits(after)) && cmd.Kind == steps.Rest {
		w.t.Errorf("a sleeper's state has %d bytes: %s", len(text), text)
	}
	*st = steps.State{}
	if err := json.Unmarshal([]byte(text), st); err != nil {
		w.t.Fatal(err)
	}
	for _, l := range lines {
		w.print("%s", strings.TrimRight(fmt.Sprintf("%s %s: %s", l.Path, strings.TrimSpace(l.Kind+" "+l.Outcome), l.Reason), ": "))
	}
	return cmd
}

func encode(t testing.TB, st steps.State) string {
	t.Helper()
	b, err := json.Marshal(st)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (w *world) deliver(c steps.Command) steps.Answer {
	a := steps.Answer{Outcome: "sent"}
	switch spec := c.Step.Spec.(type) {
	case *steps.Task:
		_, expires := spec.Times(w.now.In(w.zone), w.days, calendar.Work{Days: w.days}, w.zone)
		a = steps.Answer{Outcome: "opened", Until: expires}
	case *steps.Run:
		a = steps.Answer{Outcome: "opened"}
	case *steps.Set:
		a = steps.Answer{Outcome: "done"}
		maps.Copy(w.account, c.Values)
	}
	if queue := w.answers[c.Path]; len(queue) > 0 {
		a, w.answers[c.Path] = queue[0], queue[1:]
	}
	a.Path = c.Path
	w.print("%s %s -> %s", c.Path, c.Step.Verb, strings.TrimSpace(a.Outcome+" "+a.Reason))
	return a
}
