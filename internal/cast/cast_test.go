package cast_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/internal/cast"
	"holdfast/internal/diag"
)

func TestTheShippedCastsHaveNoFindings(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/*/cast.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("found %d casts, %v", len(files), err)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var l diag.List
		if c := cast.Parse(f, src, &l); len(l.All) > 0 || len(c.Rules) == 0 || c.Seed == 0 {
			t.Errorf("%s: %d acts, seed %d, findings %v", f, len(c.Rules), c.Seed, l.All)
		}
	}
}

func TestMistakesInACastAreNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"misspelt key":      {"- {when: touch, act: email.replied, afer: 2d}", `unknown key "afer" in an act`},
		"unknown act":       {"- {when: touch, act: email.replyed}", `act cannot be "email.replyed"`},
		"no act":            {"- {when: task}", "an act needs act"},
		"no moment":         {"- {act: email.replied}", "an act needs a moment"},
		"two moments":       {"- {when: touch, at: 2026-03-02, account: a, act: email.replied}", "when means nothing beside at"},
		"nobody":            {"- {at: 2026-03-02, act: contact.opted_out}", "needs an account"},
		"bad date":          {"- {at: 2 March, account: a, act: contact.opted_out}", `"2 March" is no moment`},
		"bad span":          {"- {when: task, after: soon, act: done}", `"soon" is no length of time`},
		"share too big":     {"- {when: task, share: 120%, act: done}", `not "120%"`},
		"share of what":     {"- {when: task, share: 0.2, act: done}", `not "0.2"`},
		"share of nothing":  {"- {when: task, share: NaN%, act: done}", `not "NaN%"`},
		"done without task": {"- {when: touch, act: done}", "only a task can be done"},
		"answers of cannot": {"- {when: task, act: cannot, answers: {a: b}}", "only a task that is done has answers"},
		"props of done":     {"- {when: task, act: done, props: {a: b}}", "a task has answers, not props"},
		"answers no map":    {"- {when: task, act: done, answers: later}", "answers must be a map"},
		"track what":        {"- {when: touch, act: track}", "an act of track needs event"},
		"event of reply":    {"- {when: touch, act: email.replied, event: x}", "only track names an event"},
		"contact of touch":  {"- {when: touch, act: email.replied, contact: dana}", "who acts follows from the touch"},
		"channel of task":   {"- {when: task, act: done, channel: phone}", "whatever its channel"},
		"acts no list":      {"  when: touch", "acts must be a list"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l diag.List
			cast.Parse("cast.yaml", []byte("cast: x\nacts:\n  "+c.text+"\n"), &l)
			if len(l.All) != 1 || !strings.Contains(l.All[0].Message, c.want) || l.All[0].Line < 2 {
				t.Errorf("got %v, want one finding: %s", l.All, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("cast: x\nseed: 7\nacts:\n  - {when: touch, share: 20%, after: 2d, act: email.replied}\n")
	f.Add("acts: [{at: 2026-03-02 14:30, account: [a], act: track, event: E, props: {n: 1}}]")
	f.Fuzz(func(_ *testing.T, text string) {
		cast.Parse("cast.yaml", []byte(text), new(diag.List))
	})
}
