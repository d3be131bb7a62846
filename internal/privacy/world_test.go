package privacy_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels"
	"holdfast/channels/outbox"
	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/privacy"
	"holdfast/internal/source"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/workflows"
)

const schema = `
schema: account
fields:
  name: {type: string}
  owner: {type: string}
  champion_mail: {type: string}
---
schema: contact
fields:
  email: {type: string}
  first_name: {type: string}
  last_name: {type: string}
  phone: {type: string}
  role: {type: string}
---
event: ping
---
event: pong
---
event: Shipped
of: all
---
event: Login
fields:
  count: {type: int}
---
metric: logins
sum: {cel: event.count}
on: Login
window: 14d
`

var books = []string{`
playbook: nudge
title: A nudge
class: outreach
owner: account.owner
trigger: {on: ping}
guardrails: {send_window: always, avoid: [], caps: []}
steps:
  - {id: mail, email: hello, to: [contact]}
  - {id: rest, wait: 7d}
  - {id: again, email: hello, to: [contact]}
`, `
playbook: care
title: Care
class: outreach
owner: account.owner
trigger: {on: pong}
guardrails: {send_window: always, avoid: [], caps: []}
steps:
  - {id: first, email: hello, to: [contacts.champion]}
  - id: call
    task: "Call {{ contact.first_name }} of {{ account.name }}"
    channel: phone
    due: 1bd
    brief: brief
  - {id: draft, email: hello, to: [contacts.champion], review: {by: owner}}
`}

var templates = fstest.MapFS{
	"templates/hello.md": {Data: []byte("---\nsubject: Hello {{ contact.first_name }}\n---\nDear {{ contact.first_name }} {{ contact.last_name }} at {{ account.name }}\n")},
	"templates/brief.md": {Data: []byte("Talk to {{ contact.first_name }}, {{ contact.email }}.\n")},
}

var monday = time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC)

// world is a project with real playbooks, intake and activities over a store, and
// without Temporal: advance is its worker.
type world struct {
	t      *testing.T
	store  store.Store
	clock  *clock.Virtual
	rules  *rules.Set
	books  []*playbooks.Playbook
	intake *intake.Intake
	a      *activities.Activities
	eraser *privacy.Eraser
	state  map[string]workflows.Progress
	n      int
}

func newWorld(t *testing.T, st store.Store) *world {
	t.Helper()
	w := &world{t: t, store: st, clock: clock.NewVirtual(monday), state: map[string]workflows.Progress{}}
	docs, found := source.Parse("rules.yaml", []byte(schema))
	if len(found) > 0 {
		t.Fatal(found)
	}
	if w.rules, found = rules.Load(docs); len(found) > 0 {
		t.Fatal(found)
	}
	for _, text := range books {
		docs, found := source.Parse("playbook.yaml", []byte(text))
		if len(found) > 0 {
			t.Fatal(found)
		}
		p, found := playbooks.Compile(docs[0], w.rules, templates)
		if p == nil {
			t.Fatal(found)
		}
		w.books = append(w.books, p)
	}
	w.intake = &intake.Intake{
		Store: st, Clock: w.clock, Rules: func() *rules.Set { return w.rules }, Log: slog.New(slog.DiscardHandler), Options: intake.Options{Treated: true},
		Playbooks: func() []*playbooks.Playbook { return w.books },
		ByDigest: func(digest string) (*playbooks.Playbook, error) {
			for _, p := range w.books {
				if p.Digest == digest {
					return p, nil
				}
			}
			return nil, errors.New("no such version")
		},
	}
	w.eraser = &privacy.Eraser{Store: st, Clock: w.clock}
	w.wire(outbox.New("email", st))
	if _, err := w.intake.Publish(t.Context(), w.books); err != nil {
		t.Fatal(err)
	}
	return w
}

// wire sends e-mails by a channel.
func (w *world) wire(mail channels.Channel) {
	w.t.Helper()
	a, err := activities.New(activities.Config{
		Store: w.store, Clock: w.clock, Rules: func() *rules.Set { return w.rules }, Emit: w.intake.Emit, Redraws: true,
		Channels: map[string]channels.Channel{"email": mail, "slack": outbox.New("slack", w.store)},
		Project: func() activities.Project {
			return activities.Project{
				Name: "Example", Timezone: "UTC", Currency: "USD", Locale: "en",
				Sender: activities.Sender{Name: "Success", Email: "success@example.test"},
				Team:   []activities.Person{{ID: "olga", Name: "Olga Owner", Email: "olga@example.test", Slack: "U1"}},
			}
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.a, w.eraser.Tasks = a, a
}

func (w *world) take(mode intake.Mode, msgs ...holdfast.Message) {
	w.t.Helper()
	for i := range msgs {
		m := &msgs[i]
		if w.n++; m.ID == "" {
			m.ID = "m" + string(rune('a'+w.n))
		}
		if m.Source == "" {
			m.Source = "import"
		}
		if m.At.IsZero() {
			m.At = w.clock.Now()
		}
	}
	r, err := w.intake.Take(w.t.Context(), msgs, mode)
	if err != nil || r.Rejected > 0 {
		w.t.Fatalf("take: %v, %+v", err, r.Problems)
	}
}

// settle lets every enrollment of acme walk until it rests.
func (w *world) settle() {
	w.t.Helper()
	for range 50 {
		moved := false
		for _, e := range w.runs() {
			if e.Status != "active" || e.Woken == e.Echoed && (e.Due.IsZero() || e.Due.After(w.clock.Now())) {
				continue
			}
			moved = true
			p, err := w.a.Advance(w.t.Context(), workflows.Step{Enrollment: e.ID, Digest: e.Digest, State: w.state[e.ID].State, N: e.Woken})
			if err != nil {
				w.t.Fatal(err)
			}
			w.state[e.ID] = p
		}
		if !moved {
			return
		}
	}
	w.t.Fatal("never rests")
}

func (w *world) view(fn func(tx store.Tx) error) {
	w.t.Helper()
	if err := w.store.View(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) runs() (all []store.Enrollment) {
	w.view(func(tx store.Tx) (err error) {
		all, err = tx.EnrollmentsOf("acme", false)
		return err
	})
	return all
}

// lived is a world in which everything that is kept of a person is kept of Dana.
func lived(t *testing.T, st store.Store) *world {
	t.Helper()
	w := newWorld(t, st)
	w.take(intake.History,
		holdfast.Message{Kind: holdfast.Group, Account: "acme", Props: map[string]any{"name": "Acme Ltd", "owner": "olga", "champion_mail": "Dana.Doelling@acme.test"}},
		holdfast.Message{Kind: holdfast.Identify, Account: "acme", Contact: "dana@old.test", Props: map[string]any{"email": "dana@old.test", "first_name": "Dana", "last_name": "Maidenname", "role": "champion"}},
		holdfast.Message{Kind: holdfast.Identify, Account: "acme", Contact: "robert", Props: map[string]any{"email": "bob@acme.test", "first_name": "Bob", "last_name": "Baker", "role": "champion"}})
	w.clock.Move(w.clock.Now().Add(time.Minute))
	w.take(intake.History,
		holdfast.Message{ID: "crm/dana.doelling@acme.test/1", Kind: holdfast.Identify, Account: "acme", Contact: "dana@old.test", Props: map[string]any{"email": "Dana.Doelling@acme.test", "last_name": "Doelling", "phone": "+49 171 5550199", "hobby": "parachutes"}})
	w.take(intake.Live,
		holdfast.Message{Kind: holdfast.Track, Event: "Login", Account: "acme", Contact: "dana@old.test", Props: map[string]any{"count": 3.0, "agent": "Parachute Browser"}},
		holdfast.Message{Kind: holdfast.Track, Event: "Login", Account: "acme", Contact: "robert", Props: map[string]any{"count": 2.0, "invited": "dana.doelling@ACME.test", "note": "Bob sat beside Dana as he did it"}},
		holdfast.Message{Kind: holdfast.Track, Event: "ping", Account: "acme", Contact: "dana@old.test"},
		holdfast.Message{Kind: holdfast.Track, Event: "ping", Account: "acme", Contact: "robert"},
		holdfast.Message{Kind: holdfast.Track, Event: "pong", Account: "acme"})
	w.settle()
	err := st.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(
			tx.Suppress(store.Suppression{Contact: "dana@old.test", Address: "dana.doelling@acme.test", Kind: "paused", At: monday, Until: monday.Add(time.Hour)}),
			intake.TellProvider(tx, "acme", "dana.doelling@acme.test", "opted_out", false, monday),
			tx.PutHold(store.Hold{ID: "h", Account: "acme", By: "Olga", Reason: "Dana Doelling asked for peace", Since: monday, Until: monday.Add(time.Minute)}),
			tx.PutObject(store.Object{Kind: "subscription", Key: "s", Account: "acme", Fields: map[string]store.Field{"buyer": {Value: "Dana Doelling", At: monday}}}),
			tx.AddLine(store.Line{Key: "x/dana@old.test", Account: "acme", Kind: "preference", To: "dana@old.test", Reason: "said so by dana.doelling@acme.test"}))
	})
	if err != nil {
		t.Fatal(err)
	}
	w.elsewhere()
	w.take(intake.Live, holdfast.Message{Source: "import", Kind: holdfast.Track, Event: "Reply", Account: "acme", Contact: "dana@old.test", Props: map[string]any{"text": "parachutes first, then talks"}})
	return w
}

// elsewhere is what tables hold of Dana that are of no account: what was told under
// an id of hers that has become this one, what waits, who did what, and traces.
func (w *world) elsewhere() {
	w.t.Helper()
	w.take(intake.History,
		holdfast.Message{Kind: holdfast.Identify, Account: "acme", Contact: "dd-crm", Props: map[string]any{"email": "dana.private@home.test", "nickname": "Parachutist"}},
		holdfast.Message{Kind: holdfast.Track, Event: "Login", Account: "acme", Contact: "dd-crm", Props: map[string]any{"count": 1.0, "agent": "Parachute Phone"}},
		holdfast.Message{Kind: holdfast.Alias, Contact: "dana@old.test", Props: map[string]any{holdfast.Previous: "dd-crm"}})
	_, err := w.intake.Receive(w.t.Context(), intake.Call{Messages: []holdfast.Message{
		{ID: "w/dana.doelling@acme.test", Source: "app", Kind: holdfast.Identify, Contact: "visitor", At: w.clock.Now(), Props: map[string]any{"friend": "dana.doelling@acme.test"}},
		{ID: "w1", Source: "app", Kind: holdfast.Identify, Contact: "dd-visitor", At: w.clock.Now(), Props: map[string]any{"first_name": "Dana", "hobby": "parachutes"}},
	}})
	ctx := store.As(w.t.Context(), "os:Dana Doelling")
	err = errors.Join(err, w.store.Update(ctx, func(tx store.Tx) error {
		run, errRun := tx.EnrollmentsOf("acme", false)
		return errors.Join(errRun,
			tx.PutAlias(store.Alias{Kind: store.OfContact, ID: "dd-visitor", Into: "dana@old.test", At: monday}),
			store.Audited(ctx, tx, monday, "Dana Doelling", "suppression.add", "dana@old.test", map[string]any{"kind": "paused", "note": "dana.doelling@acme.test"}),
			store.Audited(ctx, tx, monday, "", "contact.merge", "dd-crm", map[string]any{"previous": "dd-crm"}),
			tx.PutToken(store.Token{ID: "tok_1", Hash: "h1", Name: "Dana's laptop", Scopes: []string{"metrics"}, CreatedAt: monday, CreatedBy: "Dana Doelling"}),
			tx.PutErasure(store.Erasure{ID: "erased-other", Account: "acme", By: "Mira", Reason: "his colleague Dana Doelling asked", BegunAt: monday, DoneAt: monday, Found: []byte("{}")}),
			tx.MetaSet(store.StopKey("care"), "Mira: Dana Doelling complained"),
			tx.MetaSet("trace/"+run[0].ID, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
	}))
	if err != nil {
		w.t.Fatal(err)
	}
}

// traces are what is left of Dana, wherever it is.
var traces = []string{"dana", "dd-crm", "dd-visitor", "doelling", "maidenname", "5550199", "parachut"}

// everything is all texts of a store, beside its files.
func everything(t *testing.T, st store.Store) string {
	t.Helper()
	var b strings.Builder
	err := st.View(t.Context(), func(tx store.Tx) error {
		for _, account := range []string{"acme", ""} {
			for _, tt := range store.Texts {
				rows, err := tx.TextsOf(tt.Name, account, "", 0)
				if err != nil {
					return err
				}
				for _, x := range rows {
					text, err := json.Marshal(x)
					if err != nil {
						return err
					}
					b.WriteString(tt.Name + ": " + string(text) + "\n")
				}
			}
		}
		no, err := tx.AllSuppressions(0)
		rows, errRows := tx.Erasures(false, 0)
		text, errText := json.Marshal([]any{no, rows})
		b.Write(text)
		for _, r := range rows {
			b.WriteString(string(r.Work) + string(r.Found))
		}
		return errors.Join(err, errRows, errText)
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gone(t *testing.T, where, text string) {
	t.Helper()
	low := strings.ToLower(text)
	for _, trace := range traces {
		if i := strings.Index(low, trace); i >= 0 {
			t.Errorf("%s still holds %q: …%q…", where, trace, text[max(0, i-80):min(len(text), i+60)])
		}
	}
}
