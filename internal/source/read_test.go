package source_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/diag"
	"holdfast/internal/source"
)

func TestReadersSayWhatWasFoundAndWhatIsExpected(t *testing.T) {
	t.Parallel()
	docs, ds := source.Parse("p.yaml", []byte(`
class: outrech
max: many
on_hold: yes
days: [mon, tuesday]
title: {a: b}
owner:
dely: 3d
`))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	n := docs[0]
	var l diag.List
	n.Get("class").Word(&l, "class", "transactional", "service", "outreach")
	n.Get("max").Int(&l, "max", 1, 100)
	n.Get("on_hold").Bool(&l, "on_hold")
	n.Get("days").Words(&l, "days", "mon", "tue", "wed")
	n.Get("title").String(&l, "title")
	n.Require(&l, "the playbook", "owner")
	n.Require(&l, "the playbook", "steps")
	n.Strict(&l, "the playbook", "class", "max", "on_hold", "days", "title", "owner", "delay")
	var got []string
	for _, d := range l.All {
		got = append(got, fmt.Sprintf("%d:%d %s [%s] %s", d.Line, d.Col, d.Message, d.Check, d.Hint))
	}
	want := []string{
		`2:8 class cannot be "outrech" [unknown-choice] did you mean "outreach"?`,
		`3:6 max must be a whole number from 1 to 100, not "many" [wrong-type] write a whole number from 1 to 100`,
		`4:10 on_hold must be true or false, not "yes" [wrong-type] write true`,
		`5:13 days cannot be "tuesday" [unknown-choice] use one of mon, tue, wed`,
		`6:8 title must be text, not a map [wrong-type] `,
		`7:1 the playbook needs owner [missing-key] add owner:`,
		`2:1 the playbook needs steps [missing-key] add steps:`,
		`8:1 unknown key "dely" in the playbook [unknown-key] did you mean "delay"?`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAnAbsentNodeIsSilent(t *testing.T) {
	t.Parallel()
	var n *source.Node
	var l diag.List
	n.Strict(&l, "x", "a")
	if n.String(&l, "x") != "" || n.Word(&l, "x", "a") != "" || n.Bool(&l, "x") || n.Int(&l, "x", 1, 2) != 0 || n.Words(&l, "x") != nil ||
		n.Get("a") != nil || n.Key("a") != nil || n.Spans() != nil || n.JSON() != nil || n.Document() != "" || len(l.All) > 0 {
		t.Errorf("an absent node says %v", l.All)
	}
}

func TestSuggestNamesTheOneLikelyWord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		word, want string
		known      []string
	}{
		{"dely", "delay", []string{"delay", "due"}},
		{"staus", "status", []string{"status", "stage"}},
		{"hwen", "when", []string{"when", "on"}},
		{"Class", "class", []string{"class"}},
		{"a", "", []string{"on", "at"}},
		{"cat", "", []string{"bat", "hat"}},
		{"nothing", "", []string{"like", "it"}},
	} {
		if got := source.Suggest(tt.word, tt.known); got != tt.want {
			t.Errorf("Suggest(%q, %v) = %q, want %q", tt.word, tt.known, got, tt.want)
		}
	}
}

func TestADocumentIsItsExactText(t *testing.T) {
	t.Parallel()
	src := "# one\na: 1\n---\n# two\nb: |\n  ---\n  x\n--- # three\nc: 3\n...\n"
	docs, ds := source.Parse("p.yaml", []byte(src))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	var got []string
	for _, d := range docs {
		got = append(got, d.Document())
	}
	want := []string{"# one\na: 1\n", "# two\nb: |\n  ---\n  x\n", "c: 3\n"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
