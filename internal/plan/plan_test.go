package plan_test

import (
	"bytes"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/diag"
	"holdfast/internal/plan"
	"holdfast/internal/project"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/steps"
)

const book = `playbook: nudge
class: service
owner: account.owner
trigger: {id: red, when: account.arr >= 1000}
exit:
  - {on: email.replied, outcome: answered}
  - {when: account.status == "churned", outcome: left}
guardrails: {caps: [{max: 1, what: email, in: 5d, per: contact}]}
steps:
  - {id: hello, email: hello, to: [contacts.champion]}
  - {id: settle, wait: 4bd}
  - id: fork
    branch:
      - when: decide.motion.kind == "soft"
        steps: [{id: soft, email: hello, to: [contacts.champion]}]
      - else: true
        steps: [{id: note, slack: "#cs", text: "{{ account.name }}"}, {id: nap, wait: 2d}]
  - {id: call, task: Call}
  - {id: close, end: told}
`

func files() map[string]string {
	return map[string]string{
		"holdfast.yaml":        "project: p\ntimezone: UTC\nsender: {name: S, email: s@example.com}\n",
		"team.yaml":            "team:\n  - {id: sam, name: Sam, email: sam@example.com}\n",
		"playbooks/nudge.yaml": book,
		"rules/schema.yaml": `schema: account
fields:
  name: {type: string}
  owner: {type: string}
  status: {type: string}
  arr: {type: money}
  tier: {type: string}
---
schema: contact
fields:
  first_name: {type: string}
  email: {type: string}
  role: {type: string}
---
event: Used
fields: {n: {type: int}}
---
metric: uses
on: Used
count: true
`,
		"rules/decide.yaml": `decision: motion
rows:
  - {when: account.tier == "gold", then: {kind: soft}}
  - {else: {kind: hard}}
`,
		"templates/hello.md":    "---\nsubject: Hello\n---\nDear {{ contact.first_name }}\n\nYours\n",
		"templates/hello.de.md": "---\nsubject: Hallo\n---\nLiebe {{ contact.first_name }}\n",
	}
}

func load(t *testing.T, f map[string]string) *project.Project {
	t.Helper()
	p, found := project.Restore("p", f)
	if diag.Failed(found) {
		t.Fatal(found)
	}
	return p
}

// with is files after replacements in one of them, in pairs.
func with(file string, pairs ...string) map[string]string {
	f := files()
	f[file] = strings.NewReplacer(pairs...).Replace(f[file])
	return f
}

func lines(t *testing.T, p plan.Plan) string {
	t.Helper()
	var out bytes.Buffer
	if err := p.Print(&out, false); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// planned is the plan of shipping now where old is in force.
func planned(t *testing.T, old, now *project.Project, running ...plan.Running) plan.Plan {
	t.Helper()
	versions := map[string]*playbooks.Playbook{}
	heads := map[string]string{}
	for _, b := range old.Playbooks {
		versions[b.Digest], heads[b.Name] = b, b.Digest
	}
	in := plan.Input{
		Release: 1, From: project.Digest(old.Files), Files: old.Files, New: now, Heads: heads, Running: running,
		Bundle: func(d string) (playbooks.Bundle, error) { return versions[d].Bundle, nil },
		Version: func(d string) (*playbooks.Playbook, error) {
			if versions[d] == nil {
				return nil, errors.New("there is no version " + d)
			}
			return playbooks.Open(versions[d].Bundle, now.Rules)
		},
	}
	for _, r := range running {
		if r.Chosen {
			in.Move.All = true
		}
	}
	p, err := plan.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestChangesAreNamedByWhatTheyMean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		now  map[string]string
		want string
	}{
		{"nothing", files(), ""},
		{"a comment", with("playbooks/nudge.yaml", "class: service", "# quiet\nclass:   service"), "~ text only: formatting or comments; what it does is the same"},
		{"the order of keys", with("playbooks/nudge.yaml", "{id: settle, wait: 4bd}", "{wait: 4bd, id: settle}"), "~ text only: formatting or comments; what it does is the same"},
		{"a wait", with("playbooks/nudge.yaml", "4bd", "6bd"), "~ step settle: wait: 4bd -> 6bd"},
		{"a trigger's condition", with("playbooks/nudge.yaml", ">= 1000", ">= 500"), "~ trigger: when: account.arr >= 1000 -> account.arr >= 500"},
		{"an exit more", with("playbooks/nudge.yaml", "  - {when: account.status", "  - {on: email.bounced, outcome: bounced}\n  - {when: account.status"), "+ exit: row 2 {on: email.bounced, outcome: bounced}"},
		{"an exit's outcome", with("playbooks/nudge.yaml", "outcome: left", "outcome: gone"), "~ exit: row 2 outcome: left -> gone"},
		{"a cap", with("playbooks/nudge.yaml", "in: 5d", "in: 7d"), "~ guardrails: caps row 1 in: 5d -> 7d"},
		{"a key that came", with("playbooks/nudge.yaml", "owner: account.owner", "owner: account.owner\nlane: nurture"), "+ lane nurture"},
		{"a step more", with("playbooks/nudge.yaml", "  - {id: call", "  - {id: news, wait: 1d}\n  - {id: call"), "+ step news {wait: 1d}, after fork"},
		{"a step more in a branch", with("playbooks/nudge.yaml", "steps: [{id: note", "steps: [{id: news, wait: 1d}, {id: note"), "+ step news {wait: 1d}, first in fork, else"},
		{"a step fewer", with("playbooks/nudge.yaml", ", {id: nap, wait: 2d}", ""), "- step nap {wait: 2d}, it stood after note"},
		{"a step renamed", with("playbooks/nudge.yaml", "{id: call,", "{id: phone, was: call,"), "~ step phone: called call before"},
		{"a step moved", with("playbooks/nudge.yaml", "  - {id: call, task: Call}\n", "", "  - {id: settle", "  - {id: call, task: Call}\n  - {id: settle"), "~ step call: stands after hello now, stood after fork"},
		{"a step moved into another arm", with("playbooks/nudge.yaml", ", {id: nap, wait: 2d}", "", "steps: [{id: soft", "steps: [{id: nap, wait: 2d}, {id: soft"),
			`~ step nap: stands first in fork, when decide.motion.kind == "soft" now, stood after note`},
		{"a branch's condition", with("playbooks/nudge.yaml", `== "soft"`, `!= "hard"`), `~ step fork: branch row 1 when: decide.motion.kind == "soft" -> decide.motion.kind != "hard"`},
		{"a step of another kind", with("playbooks/nudge.yaml", "{id: call, task: Call}", "{id: call, wait: 1d}"), "~ step call: wait: nothing -> 1d; ~ step call: task: Call -> nothing"},
		{"a line of a template", with("templates/hello.md", "Yours", "Best"), "~ template hello.md: Yours -> Best"},
		{"a template in one language", with("templates/hello.de.md", "Liebe {{ contact.first_name }}", "Hallo\n\nLiebe {{ contact.first_name }}"), "~ template hello.de.md: 2 lines more, 0 fewer"},
		{"a row of a decision", with("rules/decide.yaml", "gold", "silver"), `~ decision motion: rows row 1 when: account.tier == "gold" -> account.tier == "silver"`},
		{"a field", with("rules/schema.yaml", "tier: {type: string}", "tier: {type: string}\n  seats: {type: int}"), "+ schema account: fields seats {type: int}"},
		{"a metric", with("rules/schema.yaml", "count: true", "sum: event.n"), "~ metric uses: sum: nothing -> event.n; ~ metric uses: count: true -> nothing"},
		{"a setting", with("holdfast.yaml", "timezone: UTC", "timezone: Europe/Berlin"), "~ project: timezone: UTC -> Europe/Berlin"},
		{"somebody of the team", with("team.yaml", "name: Sam,", "name: Sam Rivera,"), "~ team: team row 1 name: Sam -> Sam Rivera"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := planned(t, load(t, files()), load(t, c.now))
			var got []string
			for l := range strings.Lines(lines(t, p)) {
				if l = strings.TrimSpace(l); strings.HasPrefix(l, "~ ") || strings.HasPrefix(l, "+ ") || strings.HasPrefix(l, "- ") {
					if !strings.HasPrefix(l, "~ playbook ") {
						got = append(got, l)
					}
				}
			}
			if d := cmp.Diff(c.want, strings.Join(got, "; ")); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if p.Changes() != (c.name != "nothing") {
				t.Errorf("Changes is %v", p.Changes())
			}
		})
	}
}

func TestPlaybooksComeAndGo(t *testing.T) {
	t.Parallel()
	old := load(t, files())
	now := files()
	delete(now, "playbooks/nudge.yaml")
	now["playbooks/other.yaml"] = strings.Replace(book, "playbook: nudge", "playbook: other", 1)
	digest := old.Playbooks[0].Digest
	p := planned(t, old, load(t, now), plan.Running{ID: "e1", Playbook: "nudge", Digest: digest, State: steps.State{V: 1, At: "settle"}})
	got := lines(t, p)
	for _, want := range []string{
		"- playbook nudge: its triggers stop\n", "+ playbook other: version ",
		"1 at settle: its playbook is gone; it goes on in its version to its end\n",
		"playbooks: 1 added, 0 changed, 1 removed; 1 running, none is moved\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
}

// at is an enrollment that waits at a step.
func at(id, digest, step, kind string) plan.Running {
	began := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	return plan.Running{
		ID: id, Account: "a" + id, Playbook: "nudge", Digest: digest, Chosen: true,
		State: steps.State{V: 1, At: step, Started: began, Wait: &steps.Wait{Path: step, Kind: kind, Since: began, Until: began.AddDate(0, 0, 4)}},
	}
}

func TestEveryEnrollmentIsInTheWordsOfThePlan(t *testing.T) {
	t.Parallel()
	old := load(t, files())
	d := old.Playbooks[0].Digest
	now := with("playbooks/nudge.yaml", "4bd", "6bd", "  - {id: call, task: Call}\n", "  - {id: news, wait: 1d}\n")
	p := planned(t, old, load(t, now),
		at("1", d, "settle", "time"), at("2", d, "settle", "time"), at("3", d, "call", "task"), at("4", d, "nap", "time"),
		plan.Running{ID: "5", Playbook: "nudge", Digest: d, Chosen: true, State: steps.State{V: 1}})
	want := `  5 running on version ` + playbooks.Short(d) + `:
       2 at settle: moves, and stays at settle; it waits 6 business days instead of 4 business days, counted from when the wait began; wakes 10 Mar 2026 09:00 UTC; will do what is new: news
       1 not begun: begins in the new version; will do what is new: news
       1 at call: blocked because a task is open at step "call", which the new version does not have
       1 at nap: moves, and stays at nap; wakes 6 Mar 2026 09:00 UTC; will do what is new: news

playbooks: 0 added, 1 changed, 0 removed; 4 running to move, 1 blocked
`
	got := lines(t, p)
	if i := strings.Index(got, "  5 running"); i < 0 || cmp.Diff(want, got[max(i, 0):]) != "" {
		t.Errorf("want\n%s\nin\n%s", want, got)
	}
	for _, e := range p.Enrollments {
		if e.Moves == (e.Fate == steps.Blocked) {
			t.Errorf("%s is %s and moves: %v", e.ID, e.Fate, e.Moves)
		}
	}
}

// A running version that reads a field which is taken away stops the release.
func TestAFieldThatAVersionReadsCannotGo(t *testing.T) {
	t.Parallel()
	old := load(t, files())
	d := old.Playbooks[0].Digest
	now := with("playbooks/nudge.yaml", "  - {when: account.status == \"churned\", outcome: left}\n", "")
	maps.Copy(now, map[string]string{"rules/schema.yaml": strings.Replace(files()["rules/schema.yaml"], "  status: {type: string}\n", "", 1)})
	p := planned(t, old, load(t, now), at("1", d, "settle", "time"), at("2", d, "call", "task"))
	if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].What, `2 running on version `+playbooks.Short(d)+` of nudge would be stopped`) ||
		!strings.Contains(p.Problems[0].What, `account.status`) {
		t.Errorf("%+v", p.Problems)
	}
}

func TestAnExitThatIsTrueAlreadyIsForetold(t *testing.T) {
	t.Parallel()
	old := load(t, with("playbooks/nudge.yaml", "  - {when: account.status == \"churned\", outcome: left}\n", ""))
	now := load(t, with("playbooks/nudge.yaml", "4bd", "6bd"))
	d := old.Playbooks[0].Digest
	gone, here := at("1", d, "settle", "time"), at("2", d, "settle", "time")
	gone.Facts = &rules.Facts{Account: rules.Record{"status": "churned"}}
	here.Facts = &rules.Facts{Account: rules.Record{"status": "active"}}
	got := lines(t, planned(t, old, now, gone, here))
	if want := `1 at settle: moves, and ends at once; an exit that is new is true of it already, account.status == "churned": it ends as left`; !strings.Contains(got, want) || !strings.Contains(got, "1 at settle: moves, and stays at settle") {
		t.Errorf("want %q in\n%s", want, got)
	}
}
