package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/diag"
	"holdfast/internal/intake"
	"holdfast/internal/source"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/store/sqlite"
	"holdfast/playbooks"
	"holdfast/rules"
)

const testRules = `
schema: account
fields:
  name:         {type: string}
  status:       {type: string, enum: [trial, active, churned]}
  arr:          {type: money}
  seats:        {type: int}
  renewal_date: {type: date}
  changed:      {type: bool}
---
schema: contact
fields:
  email: {type: string}
  role:  {type: string}
---
object: subscription
of: account
key: subscription_id
fields:
  plan:   {type: string}
  seats:  {type: int}
  active: {type: bool}
  renews: {type: date}
derive:
  account.renewal_date: 'subscriptions.filter(s, s.active).map(s, next_occurrence(s.renews, "1y")).min()'
  account.seats: subscriptions.filter(s, s.active).map(s, s.seats).sum()
---
event: Login
fields:
  count: {type: int}
---
event: Shipped
of: all
fields:
  topics: {type: strings}
---
event: Ticket Opened
fields:
  priority: {type: string}
---
event: Churned
---
event: Subscription Started
fields:
  subscription_id: {type: string}
  seats:           {type: int}
  renews:          {type: date}
---
event: Subscription Ended
fields:
  subscription_id: {type: string}
---
mapping: started
on: Subscription Started
upsert: subscription
set:
  active: true
  seats: {cel: event.seats}
  renews: {cel: event.renews}
---
mapping: ended
on: Subscription Ended
upsert: subscription
set:
  active: false
---
mapping: churned
on: Churned
set:
  status: churned
---
metric: tickets
count: Ticket Opened
window: 60d
---
metric: logins
sum: {cel: event.count}
on: Login
window: 14d
---
lanes: [save, renewal, win-back]
`

// world is an intake over a store in memory, its clock at start.
type world struct {
	*intake.Intake
	t        testing.TB
	clock    *clock.Virtual
	pokes    int
	n        int
	versions map[string]*playbooks.Playbook
}

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// openStore is SQLite; with -short, as under the race detector, the store in memory,
// which passes the same suite: the detector makes SQLite's own code, which is not
// ours, many times slower.
func openStore(t testing.TB) store.Store {
	t.Helper()
	if testing.Short() {
		return memory.New()
	}
	st, err := sqlite.OpenMemory(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func newWorld(t testing.TB, books ...string) *world {
	t.Helper()
	st := openStore(t)
	w := &world{t: t, clock: clock.NewVirtual(start)}
	set, err := testSet()
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]*playbooks.Playbook{}
	w.versions = versions
	w.Intake = &intake.Intake{
		Store: st, Clock: w.clock,
		Rules:     func() *rules.Set { return set },
		Playbooks: func() []*playbooks.Playbook { return nil },
		ByDigest: func(d string) (*playbooks.Playbook, error) {
			if p := versions[d]; p != nil {
				return p, nil
			}
			return nil, store.ErrNotFound
		},
		Poke:    func() { w.pokes++ },
		Log:     slog.New(slog.DiscardHandler),
		Options: intake.Options{ScanEvery: 24 * time.Hour, ScanAt: 6 * time.Hour, BatchTime: time.Minute},
	}
	w.publish(versions, books...)
	return w
}

// testSet is testRules compiled, once for all tests.
var testSet = sync.OnceValues(func() (*rules.Set, error) {
	docs, found := source.Parse("rules.yaml", []byte(testRules))
	set, more := rules.Load(docs)
	if found = append(found, more...); diag.Failed(found) {
		return nil, fmt.Errorf("%v", found)
	}
	return set, nil
})

// publish compiles books, playbooks without steps, and makes them the heads.
func (w *world) publish(versions map[string]*playbooks.Playbook, books ...string) {
	w.t.Helper()
	heads := w.compile(versions, books...)
	if _, err := w.Publish(context.Background(), heads); err != nil {
		w.t.Fatal(err)
	}
	w.Playbooks = func() []*playbooks.Playbook { return heads }
}

func (w *world) compile(versions map[string]*playbooks.Playbook, books ...string) (heads []*playbooks.Playbook) {
	w.t.Helper()
	for _, text := range books {
		if !strings.Contains(text, "steps:") {
			text += "\nsteps:\n  - {id: settle, wait: 30d}\n"
		}
		text = strings.Replace(text, "\n", "\nowner: account.name\nclass: service\n", 1)
		docs, found := source.Parse("book.yaml", []byte(text))
		p, more := playbooks.Compile(docs[0], w.Rules(), fstest.MapFS{})
		if found = append(found, more...); diag.Failed(found) {
			w.t.Fatalf("%s\n%v", text, found)
		}
		versions[p.Digest] = p
		heads = append(heads, p)
	}
	return heads
}

// msg reads "acme Login {json}", "acme/dana email.replied", "acme = {traits}" or
// "acme/dana : {traits}", at the clock's time unless the last word is an offset
// such as @-2h.
func (w *world) msg(text string) holdfast.Message {
	w.t.Helper()
	w.n++
	m := holdfast.Message{ID: fmt.Sprintf("m%03d", w.n), Source: "test", Kind: holdfast.Track, At: w.clock.Now()}
	if i := strings.LastIndex(text, " @"); i >= 0 {
		d, err := time.ParseDuration(text[i+2:])
		if err != nil {
			w.t.Fatal(err)
		}
		m.At, text = m.At.Add(d), text[:i]
	}
	if i := strings.Index(text, " {"); i >= 0 {
		d := json.NewDecoder(strings.NewReader(text[i:]))
		d.UseNumber()
		if err := d.Decode(&m.Props); err != nil {
			w.t.Fatal(text, err)
		}
		text = text[:i]
	}
	who, what, _ := strings.Cut(text, " ")
	m.Account, m.Contact, _ = strings.Cut(who, "/")
	switch what {
	case "=":
		m.Kind = holdfast.Group
	case ":":
		m.Kind = holdfast.Identify
	default:
		m.Event = what
		if strings.Contains(what, ".") {
			m.Source = "system"
		}
	}
	return m
}

func (w *world) take(mode intake.Mode, texts ...string) intake.Result {
	w.t.Helper()
	var ms []holdfast.Message
	for _, text := range texts {
		ms = append(ms, w.msg(text))
	}
	return w.takeAll(mode, ms)
}

func (w *world) takeAll(mode intake.Mode, ms []holdfast.Message) intake.Result {
	w.t.Helper()
	res, err := w.Take(context.Background(), ms, mode)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

// live takes messages that must all be good.
func (w *world) live(texts ...string) {
	w.t.Helper()
	if res := w.take(intake.Live, texts...); len(res.Problems) > 0 {
		w.t.Fatal(res.Problems)
	}
}

// run moves the clock to the end of d as the conductor would, due by due.
func (w *world) run(d time.Duration) {
	w.t.Helper()
	ctx, end := context.Background(), w.clock.Now().Add(d)
	for {
		next, ok, err := w.Next(ctx)
		if err != nil {
			w.t.Fatal(err)
		}
		if !ok || next.After(end) {
			break
		}
		w.clock.Move(next)
		if err := w.Fire(ctx, w.clock.Now()); err != nil {
			w.t.Fatal(err)
		}
	}
	w.clock.Move(end)
}

func (w *world) view(fn func(tx store.Tx) error) {
	w.t.Helper()
	if err := w.Store.View(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// story is what people see: the timeline, and the signals enrollments got.
func (w *world) story() string {
	w.t.Helper()
	var b strings.Builder
	w.view(func(tx store.Tx) error {
		ls, err := tx.Lines(0, 1000)
		if err != nil {
			return err
		}
		for _, l := range ls {
			said := l.Reason
			if l.Outcome != "" {
				said = l.Outcome + ": " + said
			}
			fmt.Fprintf(&b, "%s %s %s %s %s\n", l.At.Format("01-02T15:04"), l.Kind, l.Playbook, l.Account, said)
		}
		es, err := tx.ListEnrollments(store.EnrollmentFilter{})
		if err != nil {
			return err
		}
		for _, e := range es {
			ss, err := tx.Signals(e.ID, 0)
			if err != nil {
				return err
			}
			for _, s := range ss {
				fmt.Fprintf(&b, "signal %s %s %s%s %s\n", s.Kind, e.Playbook, s.Path, s.Outcome, s.Reason)
			}
		}
		return nil
	})
	return b.String()
}

// state is everything that messages build, as text.
func (w *world) state() string {
	w.t.Helper()
	var b strings.Builder
	say := func(v any, err error) error {
		text, _ := json.Marshal(v)
		b.Write(append(text, '\n'))
		return err
	}
	w.view(func(tx store.Tx) error {
		for _, id := range []string{"acme", "bolt", "cord"} {
			if a, err := tx.Account(id); say(a, nil) != nil || err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err := say(tx.Contacts(id)); err != nil {
				return err
			}
			if err := say(tx.Objects(id, "subscription")); err != nil {
				return err
			}
			bs, err := tx.Buckets(id, "logins", "", "9999")
			if err != nil {
				return err
			}
			for _, k := range bs { // Min and Max are of what was added at once
				fmt.Fprintln(&b, k.Day, k.Count, k.Sum)
			}
		}
		return nil
	})
	return b.String()
}

func check(t *testing.T, got, want string) {
	t.Helper()
	if got, want = strings.TrimSpace(got), strings.TrimSpace(want); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
