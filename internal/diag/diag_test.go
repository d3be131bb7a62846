package diag_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/diag"
)

func at(line, col, end int) diag.Span {
	return diag.Span{File: "p.yaml", Line: line, Col: col, End: end}
}

func TestCaretsStandUnderTheRunesMeant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, line string
		col, end   int
		want       string
	}{
		{"ascii", `a: dely`, 4, 8, "   ^^^^"},
		{"tab", "a:\tdely", 4, 8, "  \t^^^^"},
		{"wide runes before", `漢字: dely`, 5, 9, "      ^^^^"},
		{"wide runes meant", `a: 漢字`, 4, 6, "   ^^^^"},
		{"combining rune", "e\u0301: dely", 5, 9, "   ^^^^"},
		{"emoji", "😀: dely", 4, 8, "    ^^^^"},
		{"one character", `a: b`, 4, 4, "   ^"},
		{"end of the line", `a:`, 3, 3, "  ^"},
		{"past the end", `a: b`, 4, 99, "   ^"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			d := diag.Diagnostic{Span: at(2, tt.col, tt.end), Check: "unknown-key", Message: "m"}
			if err := diag.Text(&b, []diag.Diagnostic{d}, map[string]string{"p.yaml": "x\r\n" + tt.line + "\r\n"}, false); err != nil {
				t.Fatal(err)
			}
			got := strings.Split(b.String(), "\n")
			if got[1] != "    2 | "+tt.line || got[2] != "      | "+tt.want {
				t.Errorf("got\n%s\nwant\n%s\n%s", b.String(), tt.line, tt.want)
			}
		})
	}
}

func TestFindingsPrintWithLineAndHint(t *testing.T) {
	t.Parallel()
	d := diag.Diagnostic{Span: at(14, 3, 7), Check: "unknown-key", Message: `unknown key "dely" in step "nudge"`, Hint: `did you mean "delay"?`}
	sources := map[string]string{"p.yaml": strings.Repeat("\n", 13) + "  dely: 3d\n"}
	var b strings.Builder
	if err := diag.Text(&b, []diag.Diagnostic{d}, sources, false); err != nil {
		t.Fatal(err)
	}
	want := `p.yaml:14:3: error: unknown key "dely" in step "nudge" [unknown-key]
   14 |   dely: 3d
      |   ^^^^
  hint: did you mean "delay"?
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestAFileCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	d := diag.Diagnostic{Span: at(1, 1, 2), Message: "m"}
	if err := diag.Text(&b, []diag.Diagnostic{d}, map[string]string{"p.yaml": "\x1b[2Ja: b"}, false); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Errorf("escape sequence in %q", b.String())
	}
}

func TestALongLineIsCutAroundTheFinding(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	line := strings.Repeat("x", 5000) + "dely" + strings.Repeat("y", 5000)
	d := diag.Diagnostic{Span: at(1, 5001, 5005), Message: "m"}
	if err := diag.Text(&b, []diag.Diagnostic{d}, map[string]string{"p.yaml": line}, false); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(b.String(), "\n")
	i := strings.Index(rows[2], "^^^^")
	if len(b.String()) > 500 || i < 0 || rows[1][i:i+4] != "dely" {
		t.Errorf("got\n%s", b.String())
	}
}

func TestSortDropsWhatIsSaidTwice(t *testing.T) {
	t.Parallel()
	ds := []diag.Diagnostic{
		{Span: at(2, 1, 2), Check: "b", Message: "later"},
		{Span: at(1, 5, 6), Severity: diag.Warning, Check: "a", Message: "x"},
		{Span: at(1, 5, 9), Check: "z", Message: "y"},
		{Span: at(1, 5, 6), Severity: diag.Warning, Check: "a", Message: "x"},
	}
	var got []string
	for _, d := range diag.Sort(ds) {
		got = append(got, d.String())
	}
	want := []string{"p.yaml:1:5: error: y [z]", "p.yaml:1:5: warning: x [a]", "p.yaml:2:1: error: later [b]"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestJSONIsAnArrayEvenWhenEmpty(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := diag.JSON(&b, nil); err != nil || b.String() != "[]\n" {
		t.Errorf("got %q, %v", b.String(), err)
	}
	b.Reset()
	if err := diag.JSON(&b, []diag.Diagnostic{{Span: at(1, 2, 2), Severity: diag.Warning, Check: "c", Message: "a < b"}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"column": 2`, `"end_column": 3`, `"severity": "warning"`, `"a < b"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in %s", want, b.String())
		}
	}
}
