package app_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/temporal/temporaltest"
)

var elsewhere = flag.Bool("elsewhere", false, "run over PostgreSQL and Temporal's own server, each a process apart; builds that server")

// asked is a playbook that waits for an answer.
const asked = `
-- holdfast.yaml --
project: asked
timezone: Europe/Berlin
country: DE
rules: library
sender: {name: Customer Success, email: success@ours.example}
-- team.yaml --
team:
  - {id: mira, name: Mira Halloran, email: mira@ours.example, slack: U0000001, timezone: Europe/Berlin, role: csm}
-- playbooks/ask.yaml --
playbook: ask
class: service
owner: account.owner
trigger: {id: ticket, on: Support Ticket Opened}
enroll: {once_per: [trigger, occurrence]}
steps:
  - {id: note, slack: "#success", text: "{{ account.name }} asks"}
  - {id: patience, wait_for: {any: [Support Ticket Closed], timeout: 30d}}
  - {id: after, slack: "#success", text: "{{ account.name }} is content"}
  - {id: close, end: told}
-- accounts.csv --
id,name,status,country,timezone,owner
acme,Acme,active,DE,Europe/Berlin,mira
globex,Globex,active,DE,Europe/Berlin,mira
initech,Initech,active,DE,Europe/Berlin,mira
`

// TestElsewhere runs the product in production's time over PostgreSQL and over
// Temporal's own server. Two enrollments wait for an answer; both servers are
// killed, and one of the answers comes while Temporal is away. Both finish, each
// touch is made once.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	if !*elsewhere {
		t.Skip("starts other processes: give -elsewhere")
	}
	database, engine := pgtest.Start(t), temporaltest.Start(t, "retention")
	w := newWorld(t, asked)
	w.env.DatabaseURL = database.Database(t)
	w.env.Temporal = config.Temporal{Address: engine.Address(), Namespace: "retention"}
	production := func(c *app.Config) { c.Virtual = nil }

	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	a := w.open(0, production)
	take := func(kind, event, account string) {
		t.Helper()
		m := holdfast.Message{ID: event + account, Source: "test", Kind: kind, Event: event, Account: account, At: a.Clock.Now()}
		if r, err := a.Intake.Take(ctx, []holdfast.Message{m}, intake.Live); err != nil || r.Fresh != 1 {
			t.Fatalf("take %s of %s: %+v, %v", event, account, r, err)
		}
	}
	if _, err := a.Intake.Take(ctx, w.msgs, intake.History); err != nil {
		t.Fatal(err)
	}
	if err := a.Start(ctx); err != nil {
		t.Fatal(err)
	}
	seen, ended := make(chan store.Line, 100), make(chan error, 1)
	running, end := context.WithCancel(ctx)
	go func() {
		ended <- a.Perform(running, func(l store.Line) error { seen <- l; return nil })
	}()
	counts := map[string]int{}
	until := func(what string, n int) { // so many such lines since the start
		t.Helper()
		for counts[what] < n {
			select {
			case l := <-seen:
				counts[l.Kind+" "+l.Step]++
			case err := <-ended:
				t.Fatalf("the product ended by itself: %v\n%s", err, w.log)
			case <-ctx.Done():
				t.Fatalf("no more lines %q: %v\n%s", what, counts, w.log)
			}
		}
	}
	take(holdfast.Track, "Support Ticket Opened", "acme")
	take(holdfast.Track, "Support Ticket Opened", "globex")
	until("slack note", 2)

	engine.Kill(t)
	take(holdfast.Track, "Support Ticket Closed", "acme")
	engine.Restart(t)
	until("slack after", 1)
	database.Kill(t)
	database.Restart(t)
	take(holdfast.Track, "Support Ticket Closed", "globex")
	until("slack after", 2)
	until("outcome ", 2)
	end()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the product ended with %v", err)
	}
	if err := a.Store.View(ctx, func(tx store.Tx) error {
		es, err := tx.ListEnrollments(store.EnrollmentFilter{})
		for _, e := range es {
			touches, err := tx.TouchesOf(e.ID)
			if err != nil {
				return err
			}
			if e.Status != "ended" || e.Outcome != "told" || len(touches) != 2 {
				t.Errorf("%s is %s %s with %d touches", e.Account, e.Status, e.Outcome, len(touches))
			}
		}
		if len(es) != 2 {
			t.Errorf("%d enrollments", len(es))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	for what, c := range map[string]struct {
		env  config.Temporal
		code holdfast.Code
		want string
	}{
		"another namespace":   {config.Temporal{Address: engine.Address(), Namespace: "nowhere"}, holdfast.NotFound, "temporal operator namespace create --namespace nowhere"},
		"a namespace of ours": {config.Temporal{Address: engine.Address(), Namespace: "temporal-system"}, holdfast.Conflict, "another Temporal namespace"},
		"nobody there":        {config.Temporal{Address: "127.0.0.1:1"}, holdfast.Unavailable, "no Temporal server answers"},
		"TLS where none is":   {config.Temporal{Address: engine.Address(), APIKey: "s3cret"}, holdfast.Unavailable, "no Temporal server answers"},
		"no address":          {config.Temporal{Address: "temporal"}, holdfast.Invalid, "write host:port"},
	} {
		w.env.Temporal = c.env
		b := w.open(0, production)
		err := b.Start(ctx)
		if holdfast.CodeOf(err) != c.code || !strings.Contains(fmt.Sprint(err), c.want) || strings.Contains(fmt.Sprint(err), "s3cret") {
			t.Errorf("%s: %v", what, err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}
