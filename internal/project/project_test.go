package project_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/rules"
)

func TestWhatWeShipLintsClean(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../../playbooks/library", "../../playbooks/library/win-back.yaml", "../../examples/tidewater", "../../examples/ravenstack", "../cli/scaffold"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			p, found, err := project.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range found {
				t.Errorf("%s\n\t%s", d, d.Hint)
			}
			if len(p.Playbooks) == 0 {
				t.Error("no playbook")
			}
		})
	}
}

// write makes a project of files and answers its directory.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// lint loads dir and answers its findings, named below dir.
func lint(t *testing.T, dir string) (*project.Project, []string) {
	t.Helper()
	p, found, err := project.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range found {
		lines = append(lines, strings.ReplaceAll(d.String(), dir+"/", ""))
	}
	return p, lines
}

const plain = "project: p\nrules: library\n"

func TestSettingsAndTeamAreReadStrictly(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"holdfast.yaml": `project: p
timezone: Europe/Berln
country: de
curency: EUR
sender: {name: Us, email: nobody}
library: [winback]
closed: [{name: winter, from: 2026-12-24, to: 2026-12-20}]
fiscal_start: brumaire
channels: {email: pigeon}
`,
		"team.yaml": `team:
  - {id: mira, email: mira@x.example, manager: lea}
  - {id: lena}
  - {id: mira}
  - {id: tom, hours: "17-9", left: soon, away: [{from: 2026-06-02, to: 2026-05-18}], deputy: lena}
pools: {empty: {role: none}}
`,
	})
	_, got := lint(t, dir)
	want := []string{
		`holdfast.yaml:2:11: error: unknown time zone "Europe/Berln"; did you mean "Europe/Berlin"? [unknown-zone]`,
		`holdfast.yaml:3:10: error: unknown country "de" [unknown-choice]`,
		`holdfast.yaml:4:1: error: unknown key "curency" in the project [unknown-key]`,
		`holdfast.yaml:5:27: error: email cannot be "nobody" [wrong-type]`,
		`holdfast.yaml:6:11: error: library cannot be "winback" [unknown-choice]`,
		`holdfast.yaml:7:47: error: the closure ends before it begins [wrong-type]`,
		`holdfast.yaml:8:15: error: fiscal_start cannot be "brumaire" [unknown-choice]`,
		`holdfast.yaml:9:19: error: email cannot be "pigeon" [unknown-choice]`,
		`team.yaml:2:48: error: nobody in the team is "lea" [unknown-person]`,
		`team.yaml:4:10: error: the person of line 2 is "mira" too [duplicate-name]`,
		`team.yaml:5:22: error: hours cannot be "17-9" [wrong-type]`,
		`team.yaml:5:36: error: left cannot be "soon" [wrong-type]`,
		`team.yaml:5:72: error: the time away ends before it begins [wrong-type]`,
		`team.yaml:6:9: error: nobody is in the pool "empty" [missing-key]`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAProjectsTemplatesStandBeforeTheLibrarys(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"holdfast.yaml":                   plain + "library: [win-back]\n",
		"templates/win-back/opening.md":   "---\nsubject: Ours\n---\nHello\n",
		"templates/win-back/unrelated.md": "---\nsubject: Ours\n---\nHello\n",
	})
	p, found := lint(t, dir)
	if len(found) > 0 {
		t.Fatal(found)
	}
	files := p.Playbook("win-back").Bundle.Files
	if got := files["templates/win-back/opening.md"]; !strings.Contains(got, "Ours") {
		t.Errorf("the bundle has %q", got)
	}
	if got := files["templates/win-back/customer-story.md"]; got == "" {
		t.Error("a template of the library is missing")
	}
	if _, ok := files["templates/win-back/unrelated.md"]; ok {
		t.Error("the bundle holds a template that no step uses")
	}
}

func TestNothingIsReadFromOutsideTheProject(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(write(t, map[string]string{"secret.md": "---\nsubject: s\n---\nsecret\n"}), "secret.md")
	dir := write(t, map[string]string{"holdfast.yaml": plain, "templates/ok.md": "---\nsubject: s\n---\nok\n"})
	if err := os.Symlink(secret, filepath.Join(dir, "templates", "leak.md")); err != nil {
		t.Fatal(err)
	}
	p, found := lint(t, dir)
	want := []string{`templates/leak.md:1:1: error: cannot be read, or is a link that leads out of the project [unreadable-file]`}
	if d := cmp.Diff(want, found); d != "" {
		t.Error(d)
	}
	for name, text := range p.Sources {
		if strings.Contains(text, "secret") {
			t.Errorf("%s was read", name)
		}
	}
}

func TestDocumentsGoByTheirKind(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"holdfast.yaml":               plain + "---\nplaybok: x\n",
		"rules/more.yaml":             "project: q\n---\n- a\n",
		"playbooks/x.yml":             "playbook: x\n",
		"playbooks/a.test.yaml":       "this: is not read\n",
		"playbooks/own/lint.yaml":     "nonsense: true\n",
		"playbooks/own/holdfast.yaml": "project: another\n",
	})
	_, got := lint(t, dir)
	want := []string{
		`holdfast.yaml:4:1: error: a document cannot begin with "playbok" [unknown-kind]`,
		`playbooks/x.yml:1:1: warning: this file is not read [ignored-file]`,
		`rules/more.yaml:1:1: error: the project's settings stand in holdfast.yaml alone [misplaced]`,
		`rules/more.yaml:3:1: error: a document must be a map [unknown-kind]`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestTemplatesAndTextsNameDeclaredFields(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"holdfast.yaml": plain,
		"playbooks/p.yaml": `playbook: p
class: service
trigger: {on: Account Saved}
steps:
  - {id: note, slack: "#x", text: "{{ account.nam }} was saved"}
  - {id: mail, email: hi, to: [contacts.champion]}
  - {id: chat, email: broken, to: [contacts.champion]}
`,
		"templates/hi.md":     "---\nsubject: Hi {{ contact.first_nam }}\n---\nBye {{ account.churn.reason }} {{ account.id }}\n",
		"templates/broken.md": "---\nsubject: Hi\n---\nx\n{% if account.name %}\n",
	})
	_, got := lint(t, dir)
	want := []string{
		`playbooks/p.yaml:5:39: error: unknown variable "account.nam" [unknown-variable]`,
		`templates/broken.md:5:1: error: `,
		`templates/hi.md:2:16: error: unknown variable "contact.first_nam" [unknown-variable]`,
	}
	for i, w := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], w) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			break
		}
	}
}

func TestAProjectsRuleReplacesTheShippedOne(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"holdfast.yaml": plain,
		"rules/x.yaml":  "segment: strategic\nwhen: account.mascot == \"owl\"\n---\nschema: account\nfields:\n  mascot: {type: string}\n",
	})
	p, found := lint(t, dir)
	if len(found) > 0 {
		t.Fatal(found)
	}
	e, _ := p.Rules.Compile("segment.strategic", nil, rules.Scope{}, rules.Bool)
	if got := e.Reads().Account; !slices.Equal(got, []string{"mascot"}) {
		t.Errorf("the segment reads %v, want mascot", got)
	}
}

func TestAPlaybookRunsOneThatIsThere(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"holdfast.yaml":    plain,
		"playbooks/a.yaml": "playbook: a\nclass: service\ntrigger: {on: Account Saved}\nsteps: [{id: x, run: b}, {id: y, run: c}]\n",
		"playbooks/b.yaml": "playbook: b\nclass: service\ntrigger: {on: Account Saved}\nsteps: [{id: x, run: a}]\n",
	})
	_, got := lint(t, dir)
	want := []string{
		`playbooks/a.yaml:4:22: error: playbook "a" runs itself: a -> b -> a [run-cycle]`,
		`playbooks/a.yaml:4:39: error: there is no playbook "c" [unknown-playbook]`,
		`playbooks/b.yaml:4:22: error: playbook "b" runs itself: b -> a -> b [run-cycle]`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestTwoPlaybooksOfOneName(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"holdfast.yaml":       plain + "library: [save]\n",
		"playbooks/save.yaml": "playbook: save\nclass: service\ntrigger: {on: Account Saved}\nsteps: [{id: a, wait: 1d}]\n",
	})
	p, found, err := project.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Check != "duplicate-name" || found[0].File != "library/save.yaml" || len(p.Playbooks) != 1 {
		t.Errorf("got %v", found)
	}
}

func TestADirectoryWithoutSettingsIsNoProject(t *testing.T) {
	t.Parallel()
	_, _, err := project.Load(t.TempDir())
	if holdfast.CodeOf(err) != holdfast.NotFound || !strings.Contains(err.Error(), "holdfast init") {
		t.Errorf("got %v", err)
	}
	if _, _, err := project.Load(filepath.Join(t.TempDir(), "none.yaml")); holdfast.CodeOf(err) != holdfast.NotFound {
		t.Errorf("got %v", err)
	}
}

func TestAFileIsLintedWithItsProject(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"holdfast.yaml":      plain,
		"playbooks/one.yaml": "playbook: one\nclass: service\ntrigger: {on: Account Saved}\nsteps: [{id: a, wait: 1d}]\n",
		"playbooks/two.yaml": "playbook: two\nclass: srvice\ntrigger: {on: Account Saved}\nsteps: [{id: a, wait: 1d}]\n",
	})
	p, found, err := project.Load(filepath.Join(dir, "playbooks", "one.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Playbooks) != 1 || len(found) > 0 {
		t.Errorf("got %d playbooks and %v", len(p.Playbooks), found)
	}
	if _, found, _ := project.Load(filepath.Join(dir, "playbooks")); !diag.Failed(found) {
		t.Error("a directory inside the project lints all of it")
	}
}

func TestADirectoryThatIsNoProjectStandsForThoseBelowIt(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"b/holdfast.yaml": plain, "a/deep/holdfast.yaml": plain, ".git/holdfast.yaml": plain, "none/readme.md": "x",
		"1/2/3/4/5/6/7/holdfast.yaml": plain,
	})
	want := []string{filepath.Join(dir, "a", "deep"), filepath.Join(dir, "b")}
	if d := cmp.Diff(want, project.Below(dir)); d != "" {
		t.Error(d)
	}
	for _, path := range []string{filepath.Join(dir, "b"), filepath.Join(dir, "none"), filepath.Join(dir, "b", "holdfast.yaml"), "nowhere"} {
		if d := cmp.Diff([]string{path}, project.Below(path)); d != "" {
			t.Error(d)
		}
	}
}
