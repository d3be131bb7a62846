package app_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/diag"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/release"
	"holdfast/internal/store"
)

// reachable is the hostile project with the addresses at which it is reached, and
// a playbook that an opt-out ends.
var reachable = strings.NewReplacer(
	"rules: library\n", "rules: library\npublic_url: https://retention.ours.example/holdfast\ninbound: in.ours.example\n",
	"  - {on: email.replied, outcome: answered}\n", "  - {on: contact.opted_out, outcome: declined}\n  - {on: email.replied, outcome: answered}\n",
).Replace(hostile)

// page asks the public door of a, at the path below public_url.
func page(t *testing.T, a *app.App, method, link, body string) (int, string) {
	t.Helper()
	h, err := a.Public()
	if err != nil {
		t.Fatal(err)
	}
	path, ok := strings.CutPrefix(link, "https://retention.ours.example/holdfast")
	if !ok {
		t.Fatalf("%q does not begin with public_url", link)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	out := httptest.NewRecorder()
	h.ServeHTTP(out, r)
	text, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return out.Code, string(text)
}

// mailed enrols zaphod's company and writes a mail to trillian into the ledger.
func mailed(t *testing.T, w *world, a *app.App) store.Touch {
	t.Helper()
	if _, err := a.Intake.Publish(t.Context(), w.project.Playbooks); err != nil {
		t.Fatal(err)
	}
	var state, live []holdfast.Message
	for _, m := range w.msgs {
		if m.Kind == holdfast.Track {
			m.At = monday
			live = append(live, m)
		} else {
			state = append(state, m)
		}
	}
	if _, err := a.Intake.Take(t.Context(), state, intake.History); err != nil {
		t.Fatal(err)
	}
	if res, err := a.Intake.Take(t.Context(), live, intake.Live); err != nil || res.Enrolled != 2 {
		t.Fatalf("%+v, %v", res, err)
	}
	var row store.Touch
	err := a.Store.Update(t.Context(), func(tx store.Tx) error {
		es, err := tx.EnrollmentsOf("zaphod-gmbh", true)
		if err != nil {
			return err
		}
		const who = "trillian@zaphod.example"
		row = store.Touch{
			ID: holdfast.TouchID(es[0].ID, "ask", "email", who), Enrollment: es[0].ID, Account: es[0].Account, Contact: who, Playbook: "check-in",
			Step: "ask", Path: "ask", Channel: "email", Recipient: who, State: holdfast.Sent, ClaimedAt: monday,
		}
		return tx.PutTouch(row)
	})
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func TestOneClickEndsWhatAnOptOutEndsInItsCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, reachable)
	a := w.open(30)
	row := mailed(t, w, a)
	link := a.Activities.Links(row.ID)
	if code, text := page(t, a, http.MethodGet, link.Page, ""); code != http.StatusOK || !strings.Contains(text, "t•••@zaphod.example") {
		t.Fatalf("got %d\n%s", code, text)
	}
	look := func() (exit store.Signal, kinds []string) {
		err := a.Store.View(t.Context(), func(tx store.Tx) error {
			exit, _ = tx.ExitOf(row.Enrollment)
			ss, err := tx.Suppressions(row.Contact, "trillian@zaphod.example")
			for _, s := range ss {
				kinds = append(kinds, s.Kind)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return exit, kinds
	}
	if exit, kinds := look(); exit.Outcome != "" || len(kinds) > 0 {
		t.Fatalf("reading changed something: %+v %v", exit, kinds)
	}
	if code, _ := page(t, a, http.MethodPost, link.Page, "List-Unsubscribe=One-Click"); code != http.StatusOK {
		t.Fatalf("got %d", code)
	}
	if exit, kinds := look(); exit.Outcome != "declined" || strings.Join(kinds, " ") != "opted_out" {
		t.Errorf("the exit is %+v, the suppressions %v", exit, kinds)
	}
}

func TestLinksOutliveTheKeysThatFollow(t *testing.T) {
	t.Parallel()
	const second, third = "second-key-of-thirty-two-letters", "third-key-of-some-more-letters-00"
	w := newWorld(t, reachable)
	a := w.open(400)
	row := mailed(t, w, a)
	var signed []string
	for _, keys := range [][]string{nil, {second}, {third, second}, nil} {
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		a = w.open(400, func(c *app.Config) { c.Env.LinkKeys = keys })
		signed = append(signed, a.Activities.Links(row.ID).Page)
		for i, link := range signed {
			want := http.StatusOK
			if len(keys) == 0 && i != 0 && i != 3 {
				want = http.StatusNotFound // the keys of the environment are gone
			}
			if code, _ := page(t, a, http.MethodGet, link, ""); code != want {
				t.Errorf("link %d under keys %v: got %d, want %d", i, keys, code, want)
			}
		}
	}
	if signed[0] == signed[1] || signed[1] == signed[2] || signed[0] != signed[3] {
		t.Errorf("the newest key does not sign: %q", signed)
	}
	other := newWorld(t, reachable).open(1)
	if other.Activities.Links(row.ID).Page == signed[0] {
		t.Error("two data directories drew the same key")
	}
	if l := a.Activities.Links(row.ID); !strings.HasPrefix(l.OptOut, "unsubscribe+") || !strings.HasSuffix(l.Reply, "@in.ours.example") || strings.Index(l.OptOut, "@") > 64 {
		t.Errorf("got %+v", l)
	}
}

func TestOutreachToRealPeopleNeedsAWayOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings string
		env      config.Environment
		want     string // of the error; "" is none
	}{
		"no address": {"channels: {email: sendgrid}", config.Environment{SendGridKey: "SG.x"}, "playbook check-in is outreach by e-mail, and its mails would have no link to unsubscribe"},
		"not over TLS": {"channels: {email: sendgrid}\npublic_url: http://ours.example", config.Environment{SendGridKey: "SG.x"},
			"would have no link to unsubscribe"},
		"an address":    {"channels: {email: sendgrid}\npublic_url: https://ours.example", config.Environment{SendGridKey: "SG.x"}, ""},
		"a stand-in":    {"channels: {email: sendgrid}", config.Environment{SendGridKey: "SG.x", SendGridURL: "http://127.0.0.1:1"}, ""},
		"nothing sends": {"country: DE", config.Environment{}, ""},
		"a weak key":    {"locale: de", config.Environment{LinkKeys: []string{"short"}}, "key 1 of HOLDFAST_LINK_KEYS has 5 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, strings.Replace(hostile, "country: DE", c.settings, 1))
			a, err := app.Open(t.Context(), app.Config{Dir: filepath.Join(t.TempDir(), "data"), Project: w.project, Env: c.env, Log: slog.New(slog.DiscardHandler)})
			if err == nil {
				err = a.Close()
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestAReleaseWithoutAWayOutIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strings.Replace(hostile, "country: DE", "channels: {email: sendgrid}\npublic_url: https://ours.example", 1))
	a, err := app.Open(t.Context(), app.Config{
		Dir: w.dir, Project: w.project, Env: config.Environment{SendGridKey: "SG.x"}, Log: slog.New(slog.DiscardHandler), Follow: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close() //nolint:errcheck // the test has failed then
	text := strings.Replace(w.project.Files["holdfast.yaml"], "public_url: https://ours.example", "", 1)
	w.project.Files["holdfast.yaml"] = text
	next, found := project.Restore(w.project.Dir, w.project.Files)
	if diag.Failed(found) {
		t.Fatal(found)
	}
	if _, _, err := release.Put(t.Context(), a.Store, next, 0, release.Stamp{By: "test", At: a.Clock.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := a.TakeOverNow(t.Context()); err == nil || !strings.Contains(err.Error(), "no link to unsubscribe") {
		t.Errorf("got %v", err)
	}
}
