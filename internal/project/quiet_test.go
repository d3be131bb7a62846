package project_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sale = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Sale\nDTSTART;VALUE=DATE:20261124\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR\n"

func withCalendar(ics string) map[string]string {
	return map[string]string{
		"holdfast.yaml":     plain,
		"rules/cal.yaml":    "calendar: retail\nics: " + ics + "\n",
		"playbooks/a.yaml":  "playbook: a\nclass: service\ntrigger: {on: Account Saved}\nguardrails: {avoid: [retail]}\nsteps: [{id: x, wait: 1d}]\n",
		"calendars/ok.ics":  sale,
		"calendars/bad.ics": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Sale\nDTSTART:soon\nEND:VEVENT\nEND:VCALENDAR\n",
	}
}

func TestACalendarFileBelongsToTheVersion(t *testing.T) {
	t.Parallel()
	p, found := lint(t, write(t, withCalendar("calendars/ok.ics")))
	if len(found) > 0 {
		t.Fatal(found)
	}
	if got := p.Playbook("a").Bundle.Files["calendars/ok.ics"]; got != sale {
		t.Errorf("the version holds %q", got)
	}
	other := withCalendar("calendars/ok.ics")
	other["calendars/ok.ics"] = strings.Replace(sale, "20261124", "20261125", 1)
	q, _ := lint(t, write(t, other))
	if p.Playbook("a").Digest == q.Playbook("a").Digest {
		t.Error("another day is the same version")
	}
}

func TestACalendarFileIsReadFromInsideTheProject(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "secret.ics")
	if err := os.WriteFile(outside, []byte(sale), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := write(t, withCalendar("calendars/link.ics"))
	if err := os.Symlink(outside, filepath.Join(dir, "calendars", "link.ics")); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		dir:                             "rules/cal.yaml:2:6: error: there is no file calendars/link.ics in the project [unknown-file]",
		write(t, withCalendar(outside)): `rules/cal.yaml:2:6: error: "` + outside + `" is no .ics file inside the project [bad-path]`,
		write(t, withCalendar("calendars/bad.ics")): `calendars/bad.ics:4:1: error: "soon" is neither a day nor a time [bad-calendar-file]`,
	} {
		if _, got := lint(t, dir); !slices.Contains(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestLanesWithoutAnOrderAreNamed(t *testing.T) {
	t.Parallel()
	book := func(name, lane string) string {
		return "playbook: " + name + "\nclass: service\nlane: " + lane + "\ntrigger: {on: Account Saved}\nsteps: [{id: x, wait: 1d}]\n"
	}
	files := map[string]string{
		"holdfast.yaml":    "project: p\n",
		"rules/x.yaml":     "event: Account Saved\n---\nschema: account\nfields: {owner: string}\n",
		"playbooks/a.yaml": book("a", "save"), "playbooks/b.yaml": book("b", "nurture"),
	}
	_, got := lint(t, write(t, files))
	want := []string{"playbooks/b.yaml:3:7: warning: lanes save and nurture have no order, so that neither keeps the other from an account [no-lanes]"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	files["rules/lanes.yaml"] = "lanes: [save, nurture]\n"
	if _, got := lint(t, write(t, files)); len(got) > 0 {
		t.Errorf("with an order: %q", got)
	}
	// A project's own order takes the place of the library's.
	files["holdfast.yaml"] = plain
	files["rules/lanes.yaml"] = "lanes: [nurture, save]\n"
	p, got := lint(t, write(t, files))
	if len(got) > 0 || !p.Rules.Stronger("nurture", "save") || p.Rules.Stronger("renewal", "save") {
		t.Errorf("lanes %v, findings %q", p.Rules.Lanes(), got)
	}
}
