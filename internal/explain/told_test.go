package explain

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"holdfast"
	"holdfast/examples"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/rules"
)

// sampleProject is one that we ship, with everything from the library.
func sampleProject(t *testing.T, name string) *project.Project {
	t.Helper()
	sub, err := fs.Sub(examples.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(dir, sub); err != nil {
		t.Fatal(err)
	}
	p, _, err := project.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryShippedTriggerIsExplained(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"tidewater", "ravenstack"} {
		p := sampleProject(t, name)
		ms := []holdfast.Message{
			{ID: "g", Source: "system", Kind: holdfast.Group, Account: "acme", At: start, Props: map[string]any{"name": "Acme"}},
		}
		for _, event := range p.Rules.Events() {
			ms = append(ms, holdfast.Message{ID: "e-" + event, Source: "system", Kind: holdfast.Track, Event: event, Account: "acme", At: start,
				Props: map[string]any{"subscription_id": "s1"}})
		}
		r, err := Told(t.Context(), p, placed(ms), Question{Account: "acme", At: start.AddDate(0, 1, 0)})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Playbooks) < 4 {
			t.Errorf("%s: %d playbooks are explained", name, len(r.Playbooks))
		}
		for _, b := range r.Playbooks {
			for _, tr := range b.Triggers {
				for _, n := range []*rules.Node{tr.When, tr.Date, b.When} {
					whole(t, name+" "+b.Name+" "+tr.ID, n)
				}
				if tr.Why == "" {
					t.Errorf("%s %s %s: no word why", name, b.Name, tr.ID)
				}
			}
		}
		printed(t, r, Style{All: true, Color: true})
	}
}

// whole reports parts that could not be evaluated, and names of ours.
func whole(t *testing.T, where string, n *rules.Node) {
	t.Helper()
	if n == nil {
		return
	}
	if n.State == "error" || n.State == "unread" || strings.Contains(n.Text, "@") {
		t.Errorf("%s: %+v", where, *n)
	}
	for i := range n.Parts {
		whole(t, where, &n.Parts[i])
	}
}

// Customer data is hostile, and ends on somebody's terminal.
func TestNamesCannotWriteOnTheTerminal(t *testing.T) {
	t.Parallel()
	p := newProduction(t, newProject(t, outreach))
	bad := "Acme\x1b]0;owned\a\x1b[2J\u202egnp\r\n✓ enrolled"
	p.person("dana", map[string]any{"email": "dana@acme.example", "first_name": bad, "role": "champion"})
	p.group(map[string]any{"name": bad, "status": "active", "arr": 20000, "owner": bad})
	out := printed(t, p.ask(Question{Event: "Saved", Calendar: start.AddDate(0, 0, 30)}), Style{All: true, Calendar: true})
	out += printed(t, p.ask(Question{}), Style{All: true})
	for i, r := range out {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			t.Fatalf("%q reaches the terminal in %q", r, out[max(0, i-40):i+10])
		}
	}
	if strings.Contains(out, "\n✓ enrolled") {
		t.Error("a name made a line of its own")
	}
}

func TestTheCalendarGoesOverAllPlaybooks(t *testing.T) {
	t.Parallel()
	second := strings.NewReplacer("playbook: outreach", "playbook: renewal", "trigger: {when: 'account.arr >= 10000 && account.status == \"active\"'}",
		"trigger: {at: account.renewal_date, before: 30d}").Replace(outreach)
	p := newProduction(t, newProject(t, outreach, second))
	dana(p)
	p.group(map[string]any{"name": "Acme", "status": "active", "arr": 20000, "owner": "mira", "renewal_date": "2026-04-20"})
	var got []string
	for _, c := range p.ask(Question{Calendar: start.AddDate(0, 0, 90)}).Calendar {
		got = append(got, c.At.Format("01-02 ")+c.Kind+" "+c.Playbook)
	}
	p.play(start.AddDate(0, 0, 90))
	var want []string
	for _, l := range p.lines() {
		if kind, ok := comes(l); ok && !l.At.Equal(start) {
			want = append(want, l.At.Format("01-02 ")+kind+" "+l.Playbook)
		}
	}
	if !slices.Equal(got, want) || len(got) < 5 {
		t.Errorf("got  %s\nwant %s, as it happened", strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

func TestWhatWasKnownThen(t *testing.T) {
	t.Parallel()
	p := newProduction(t, newProject(t, outreach))
	p.group(map[string]any{"name": "Acme", "status": "trial", "arr": 8200, "owner": "mira"})
	p.clock.Move(start.AddDate(0, 0, 5))
	p.group(map[string]any{"arr": 20000, "status": "active"})
	p.clock.Move(start.AddDate(0, 0, 9))
	// It happened on the first day, and was heard of on the ninth.
	late := holdfast.Message{ID: "late", Source: "system", Kind: holdfast.Group, Account: "acme", At: start.Add(time.Minute), Props: map[string]any{"seats": 7.0}}
	if _, err := p.intake.Take(t.Context(), []holdfast.Message{late}, intake.Live); err != nil {
		t.Fatal(err)
	}
	r := p.ask(Question{At: start.AddDate(0, 0, 2), Then: true})
	want := "not enrolled: `account.arr >= 10000` is false: account.arr is 8,200 EUR, set on 2 Mar 2026 by group message m-1"
	if got := r.Playbooks[0].Short; got != want || len(r.Playbooks[0].Enrollments) != 0 || len(r.Notes) != 1+len(unrebuilt) {
		t.Errorf("got %s with %v and notes %v, want %s", got, r.Playbooks[0].Enrollments, r.Notes, want)
	}
	r = p.ask(Question{At: start.AddDate(0, 0, 6), Then: true})
	e := r.Playbooks[0].Enrollments
	if len(e) != 1 || e[0].Status != "active" || len(e[0].Next) != 0 {
		t.Errorf("on the sixth day: %+v, want it enrolled, and nothing foretold", e)
	}
	now := p.ask(Question{})
	if e := now.Playbooks[0].Enrollments; len(e) != 1 || e[0].Status != "active" {
		t.Errorf("now: %+v, want the same enrollment", e)
	}
}

func TestAnAccountThatOnlyEventsHaveNamedIsProvisional(t *testing.T) {
	t.Parallel()
	p := newProduction(t, newProject(t, outreach))
	p.event("Saved", nil)
	r := p.ask(Question{Event: "Ticket Opened", Props: map[string]any{"priority": "urgent"}})
	if r.Known || len(r.Notes) == 0 || !strings.Contains(r.Notes[0], "provisional") || r.Event.Short != "it would be stored, and nothing would follow" {
		t.Errorf("got known %v, notes %v, event %+v", r.Known, r.Notes, r.Event)
	}
}
