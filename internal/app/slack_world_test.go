package app_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/channels/standin"
	"holdfast/internal/app"
	"holdfast/internal/clock"
	"holdfast/internal/config"
	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/workflows"
)

// slackProject asks people of ours for a task with a form, for a yes, and to look
// at a draft.
const slackProject = `
-- holdfast.yaml --
project: slack
timezone: Europe/Berlin
country: DE
currency: EUR
rules: library
sender: {name: Customer Success, email: success@ours.example}
channels: {slack: slack}
-- team.yaml --
team:
  - {id: sam, name: Sam Sample, email: sam@ours.example, slack: U00000SAM, role: csm, manager: lea}
  - {id: lea, name: Lea Lead, email: lea@ours.example, slack: U00000LEA, role: manager}
-- playbooks/check.yaml --
playbook: check
class: service
owner: account.owner
trigger: {id: ticket, on: Support Ticket Opened}
steps:
  - id: call
    task: "Call {{ contact.first_name }} of {{ account.name }}"
    due: 1bd
    brief: brief
    form:
      interest: {choose: ["yes", later, "no"], required: true}
      seats: {type: int}
      notes: {text: long}
  - id: concession
    offer: discount   # lint: allow discount-reason because this is a test
    amount: {cel: percent(12)}
    in_exchange: a two-year contract
    sunset: 12mo
    approve: manager
    due: 1bd
  - {id: hello, email: hello, to: [contacts.champion], review: {by: owner}}
  - {id: close, end: told}
-- templates/hello.md --
---
subject: Hello {{ contact.first_name }}
---
Dear {{ contact.first_name }}, **all** is well.
-- templates/brief.md --
Talk to **{{ contact.first_name }}**.
`

// slackWorld is the product beside a Slack of its own, with doors between them.
type slackWorld struct {
	*world
	a     *app.App
	slack *standin.Pair
	run   workflows.Progress
	e     store.Enrollment
}

func newSlackWorld(t *testing.T, env config.Environment) *slackWorld {
	t.Helper()
	w := &slackWorld{world: newWorld(t, slackProject)}
	var err error
	w.slack, err = standin.Start(t.Context(), standin.Options{Workspace: standin.SlackOptions{
		SigningSecret: "a-signing-secret", Users: []standin.User{
			{ID: "U00000SAM", Name: "Sam"}, {ID: "U00000LEA", Name: "Lea"}, {ID: "U000GUEST", Name: "Guest"},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.slack.Close() })
	env.SlackToken, env.SlackURL, env.SlackSigningSecret = "xoxb-a-token", w.slack.SlackURL, "a-signing-secret"
	w.a = w.open(30, func(c *app.Config) { c.Env, c.Virtual.At = env, monday.Add(10*time.Hour) })
	doors, err := w.a.Public()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(doors)
	t.Cleanup(server.Close)
	if err := w.slack.Slack.PointAt(server.URL + "/hooks/slack"); err != nil {
		t.Fatal(err)
	}
	if err := w.a.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	msgs := []holdfast.Message{
		{ID: "g", Source: "demo", Kind: holdfast.Group, Account: "acme", At: monday, Props: map[string]any{"name": "Acme <!channel> & Co", "owner": "sam", "status": "active"}},
		{ID: "i", Source: "demo", Kind: holdfast.Identify, Account: "acme", Contact: "dana", At: monday, Props: map[string]any{"email": "dana@acme.example", "first_name": "Dana", "last_name": "Doe", "role": "champion"}},
		{ID: "t", Source: "demo", Kind: holdfast.Track, Event: "Support Ticket Opened", Account: "acme", At: monday.Add(10 * time.Hour)},
	}
	if _, err := w.a.Intake.Take(t.Context(), msgs, intake.Live); err != nil {
		t.Fatal(err)
	}
	w.read(func(tx store.Tx) error {
		all, err := tx.EnrollmentsOf("acme", true)
		if err == nil && len(all) == 1 {
			w.e = all[0]
		}
		return err
	})
	if w.e.ID == "" {
		t.Fatal("nothing was started")
	}
	return w
}

func (w *slackWorld) read(fn func(tx store.Tx) error) {
	w.t.Helper()
	if err := w.a.Store.View(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// walk advances the run until it rests, and shows cards anew.
func (w *slackWorld) walk() {
	w.t.Helper()
	for again := true; again; again = w.run.Again {
		w.read(func(tx store.Tx) (err error) {
			w.e, err = tx.Enrollment(w.e.ID)
			return err
		})
		p, err := w.a.Activities.Advance(w.t.Context(), workflows.Step{Enrollment: w.e.ID, Digest: w.e.Digest, State: w.run.State, N: w.e.Woken})
		if err != nil {
			w.t.Fatal(err)
		}
		w.run = p
	}
	w.redraw()
}

func (w *slackWorld) redraw() {
	w.t.Helper()
	if _, err := w.a.Activities.RedrawDue(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// last message of a person's conversation that all can see.
func (w *slackWorld) last(user string) standin.Message {
	w.t.Helper()
	all := w.slack.Slack.Messages(user)
	for i := range all {
		if m := all[len(all)-1-i]; m.Only == "" {
			return m
		}
	}
	w.t.Fatalf("nothing was said to %s", user)
	return standin.Message{}
}

// whispers are what one person alone sees.
func (w *slackWorld) whispers(channel, user string) (out []string) {
	w.a.WaitForSlack()
	for _, m := range w.slack.Slack.Messages(channel) {
		if m.Only == user {
			out = append(out, m.Text)
		}
	}
	return out
}

func (w *slackWorld) click(user string, m standin.Message, action string) standin.Sent {
	w.t.Helper()
	sent, err := w.slack.Slack.Click(w.t.Context(), standin.Act{User: user, Channel: m.Channel, TS: m.TS, Action: action})
	if err != nil || sent.Problem != "" {
		w.t.Fatalf("%s: %v, %s", action, err, sent.Problem)
	}
	w.a.WaitForSlack()
	return sent
}

// submit the form that a person has in front of them.
func (w *slackWorld) submit(user string, filled standin.Values) standin.Sent {
	w.t.Helper()
	modals := w.slack.Slack.Modals(user)
	if len(modals) == 0 {
		w.t.Fatalf("%s has no form open; whispered %v", user, w.whispers(user, user))
	}
	sent, err := w.slack.Slack.Submit(w.t.Context(), modals[len(modals)-1].ID, filled)
	if err != nil || sent.Problem != "" {
		w.t.Fatalf("%v, %s: %s", err, sent.Problem, sent.Answer)
	}
	w.a.WaitForSlack()
	return sent
}

func (w *slackWorld) tasks() (out []string) {
	w.t.Helper()
	w.read(func(tx store.Tx) error {
		all, err := tx.TasksOf(w.e.ID)
		out = nil
		for _, k := range all {
			out = append(out, strings.TrimSpace(k.Step+" "+k.Status+" "+k.ClosedBy))
		}
		return err
	})
	slices.Sort(out)
	return out
}

func contains(t *testing.T, what string, blocks json.RawMessage, words ...string) {
	t.Helper()
	text := string(blocks)
	for _, one := range words {
		if !strings.Contains(text, one) {
			t.Errorf("%s does not show %q:\n%s", what, one, text)
		}
	}
}

// until looks again and again, for as long as a test may take.
func (w *slackWorld) until(what string, holds func() bool) {
	w.t.Helper()
	ctx, stop := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer stop()
	for !holds() {
		if clock.Sleep(ctx, 5*time.Millisecond) != nil {
			w.t.Fatalf("never: %s\n%s", what, w.log)
		}
	}
}
