package source_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/source"
)

func TestSyntaxErrorsPointAtWhatToChange(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ src, want string }{
		{"a: b: c\n", `1:5: ": " inside a value begins another key`},
		{"x: 1\nwhen: q == \"a: b\"\nz: 1\n", `2:14: ": " inside a value begins another key`},
		{"when: a ? b : c\n", `1:13: ": " inside a value begins another key`},
		{"a: b\n  c: d\n", `2:3: this key is indented deeper than the text above it allows`},
		{"a:\n    b: 1\n  c: 2\nd: 1\n", `3:3: the indentation of this line fits none above it`},
		{"a:\n  - b\n c: 1\n", `3:2: the indentation of this line fits none above it`},
		{"a:\n  - b: 1\n    c: 2\n   d: 3\n", `4:4: the indentation of this line fits none above it`},
		{"a:\n\tb: 1\n", `2:1: a tab in the indentation`},
		{"x: 1\na:\n  b: 1\n\tc: 1\n", `4:1: a tab in the indentation`},
		{"x: 1\na: |\n\tfoo\n", `3:1: a tab in the indentation`},
		{"a: \"b\nc: d\n", `1:4: the quote that opens here is never closed`},
		{"x: 1\na: 'b\nc: d\n", `2:4: the quote that opens here is never closed`},
		{"x: 1\na: [b, c\nd: e\n", `2:4: the [ that opens here is not closed`},
		{"x: 1\na: {b: c\nd: e\n", `2:4: the { that opens here is not closed`},
		{"x: 1\na: {b: c]\nd: e\n", `2:9: ] cannot close the { of line 2`},
		{"x: 1\na: {b: c d: e, f: g}\n", `2:11: a second colon in one entry`},
		{"x: 1\na: @foo\n", `2:4: a value cannot begin with "@"`},
		{"x: 1\na: %foo\n", `2:4: a value cannot begin with "%"`},
		{"x: 1\na: &\n", `2:4: a value cannot begin with "&"`},
		{"x: 1\na: \"b\" c\nd: e\n", `2:8: text behind a value that ended with "`},
		{"x: 1\nwhen: \"a\" == b\ny: 1\n", `2:11: text behind a value that ended with "`},
		{"x: 1\nwhen: [a] == b\ny: 1\n", `2:11: text behind a value that ended with ]`},
		{"x: {{ a }} b\n", `1:4: a value that begins with {{ is read as a map`},
		{"x: {{ a }}\n", `1:4: a value that begins with {{ is read as a map`},
		{"x: 1\na: *nope\nd: e\n", `2:4: no value above is named &nope`},
		{"x: 1\na: \"b \\q\"\nd: e\n", `2:7: "\\q" is no escape of YAML`},
		{"a: \"b\\\\ \\ud800\"\nd: e\n", `1:9: "\\u" is no escape of YAML`},
		{"x: 1\na: |0\n d\n", `2:4: nothing may stand behind this |`},
		{"x: 1\na: > d\n", `2:4: nothing may stand behind this >`},
		{"x: 1\na:b\nc: d\n", `2:1: "a:b" is no "key: value"`},
		{"x: 1\nfoo\nb: 1\n", `2:1: "foo" is no "key: value"`},
		{"x: 1\n- a\n", `2:1: a list item among keys`},
		{"- a\nb: c\n", `2:1: a key among list items`},
		{"x: 1\na: - b\n", `2:4: a list cannot begin behind its key`},
		{"a: b\n---\nx: }\n", `3:4: "}" where a value was expected`},
		{"a: b\x00\n", `1:5: an invisible control character (U+0000)`},
		{"a: é\xff\n", `1:5: this is not UTF-8 text`},
		{"a: 1\nb: 2\na: 3\n", `3:1: the key "a" stands in line 1 already`},
		{"a: !money 5\n", `1:4: the tag !money means nothing here`},
		{"[a, b]: c\n", `1:1: a key must be text, not a list`},
		{"a: &x [*x]\n", `1:8: *x stands inside what it repeats`},
		{"a: &x b\n---\nc: *x\n", `3:4: no value of this document is named &x`},
		{"a: b\n<<: c\n", `2:5: << merges a map or a list of maps, not "c"`},
		{strings.Repeat("[", 65) + strings.Repeat("]", 65), `1:65: nested more than 64 deep`},
		{"a: |\n  fine: x: y\nb: 'it''s'\nc: [a,\n b]\nd: \"e\" f\n", `6:8: text behind a value that ended with "`},
	} {
		t.Run(tt.src, func(t *testing.T) {
			t.Parallel()
			_, ds := source.Parse("p.yaml", []byte(tt.src))
			if len(ds) != 1 {
				t.Fatalf("got %d findings, want one: %v", len(ds), ds)
			}
			if got := fmt.Sprintf("%d:%d: %s", ds[0].Line, ds[0].Col, ds[0].Message); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestABombOfAliasesIsOneFinding(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), i-1)
	}
	docs, ds := source.Parse("p.yaml", []byte(b.String()))
	if len(ds) != 1 || ds[0].Check != "too-large" {
		t.Fatalf("got %v, want one too-large", ds)
	}
	if got := docs[0].Get("a0").Items()[0].Text(); got != "x" {
		t.Errorf("what stands before the bomb is %q, want x", got)
	}
}

func TestWhatParsedBeforeAMistakeIsKept(t *testing.T) {
	t.Parallel()
	docs, ds := source.Parse("p.yaml", []byte("a: 1\n---\n# nothing\n---\nb: 2\n---\nc: [\n"))
	if len(docs) != 2 || len(ds) != 1 {
		t.Fatalf("got %d documents and %v, want 2 and one finding", len(docs), ds)
	}
	if _, ds := source.Parse("p.yaml", make([]byte, 4<<20+1)); len(ds) != 1 || ds[0].Check != "too-large" {
		t.Errorf("a file over 4 MiB gives %v", ds)
	}
}

func TestMergedKeysComeAfterTheMapsOwn(t *testing.T) {
	t.Parallel()
	docs, ds := source.Parse("p.yaml", []byte("- &a {x: 1, y: 2}\n- &b {y: 3, z: 4}\n- <<: [*a, *b]\n  y: 5\n"))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	var got []string
	for _, p := range docs[0].Items()[2].Pairs() {
		got = append(got, p.Key.Text()+p.Value.Text())
	}
	if d := cmp.Diff([]string{"y5", "x1", "z4"}, got); d != "" {
		t.Error(d)
	}
}
