package source_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/source"
)

// Each value contains X once: want is where an editor shows it.
func TestEveryRuneKnowsItsPlace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, src, want string }{
		{"plain", "when: a > 100 && X < 5\n", "1:18"},
		{"single", "when: 'a > 100 && X < 5'\n", "1:19"},
		{"single with a doubled quote", "when: 'it''s X'\n", "1:14"},
		{"double with escapes", `when: "a == \"pro\" && X"`, "1:24"},
		{"double with a hex escape", `when: "\u00e9\x41 X"`, "1:19"},
		{"double over lines", "when: \"a\n   b  \n\n  X\"\n", "4:3"},
		{"double with an escaped line end", "when: \"a\\\n   X\"\n", "2:4"},
		{"literal", "when: |\n  a &&\n    X\n", "3:5"},
		{"literal with an indicator", "when: |2-\n    a\n  X\n", "3:3"},
		{"literal in a list in a map", "a:\n- |1\n  a\n X\n", "4:2"},
		{"literal after empty lines", "when: |+\n\n  \n  a\n  X\n\n", "5:3"},
		{"literal with a comment in its head", "when: | # X is not here\n  a X\n", "2:5"},
		{"folded", "when: >-\n  a &&\n  X < 5\n", "3:3"},
		{"folded with deeper lines", "when: >\n  a\n\n    b\n   c\n\n  X\n", "7:3"},
		{"plain over two lines", "when: a > 100 &&\n  X < 5\n", "2:3"},
		{"plain over an empty line", "when: a\n\n  X\n", "3:3"},
		{"plain in a flow map", "{when: a X, b: c}\n", "1:10"},
		{"plain over lines in a flow list", "a: [a\n b X]\n", "2:4"},
		{"wide runes before it", "when: a == \"é漢😀\" && X\n", "1:21"},
		{"tab before it", "when:\ta\tX\n", "1:9"},
		{"crlf", "b: c\r\nwhen: |\r\n  a\r\n  X\r\n", "4:3"},
		{"cr", "b: c\rwhen: a\r  X\r", "3:3"},
		{"after an anchor", "when: &w a X\n", "1:12"},
		{"after an anchor on the line above", "when: &w # why\n  a X\n", "2:5"},
		{"after a tag", "when: !!str a X\n", "1:15"},
		{"through an alias", "w: &w a X\nwhen: *w\n", "1:9"},
		{"through a merge", "w: &w {when: a X}\n<<: *w\n", "1:16"},
		{"after a byte order mark", "\ufeffwhen: a X\n", "1:9"},
		{"after a comment", "# when: X\nwhen: a X # X\n", "2:9"},
		{"key on the line above", "when:\n  a X\n", "2:5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			docs, ds := source.Parse("p.yaml", []byte(tt.src))
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			n := docs[0].Get("when")
			if n == nil {
				n = docs[0].Get("a").Items()[0]
			}
			spans, text := n.Spans(), []rune(n.Text())
			if len(spans) != len(text)+1 {
				t.Fatalf("%d spans for %d runes", len(spans), len(text))
			}
			i := strings.IndexRune(n.Text(), 'X')
			at := spans[len([]rune(n.Text()[:i]))]
			if got := fmt.Sprintf("%d:%d", at.Line, at.Col); got != tt.want {
				t.Errorf("X of %q is at %s, want %s", n.Text(), got, tt.want)
			}
		})
	}
}

func TestANodeIsAsWideAsItsFirstLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, src, want string }{
		{"plain", "a: bcd # e\n", "1:4-7"},
		{"quoted", "a: 'b'\n", "1:4-7"},
		{"escape", `a: "\"b"`, "1:4-9"},
		{"plain over lines", "a: bc\n  d\n", "1:4-6"},
		{"literal", "a: |-\n  d\n", "1:4-6"},
		{"nothing", "a:\nb: c", "1:3-4"},
		{"map", "a:\n  b: cd # e\n  f: g", "2:3-8"},
		{"map of maps", "a:\n  b:\n    f: g", "2:3-4"},
		{"list", "a:\n  - b: cd # e\n    f: g", "2:3-10"},
		{"flow map", "a: {b: {c: 'd}'}}  # e", "1:4-18"},
		{"flow map over lines", "a: {b: c,\n d: e}", "1:4-10"},
		{"wide", "a: 漢字\n", "1:4-6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			docs, ds := source.Parse("p.yaml", []byte(tt.src))
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			at := docs[0].Get("a").Span()
			if got := fmt.Sprintf("%d:%d-%d", at.Line, at.Col, at.End); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func FuzzSpansFollowTheText(f *testing.F) {
	for _, s := range []string{
		"a: b\n", "a: 'b''c\n\n d'\n", "a: \"b\\n\\\n  c\\u00e9\"\n", "a: |2-\n    b\n   c\n", "a: >+\n\n  b\n\n   c\n d\n",
		"a: &x b\nc: *x\n", "- - |1\n  a\n", "a: {b: [c, d\n e]}\n", "? a\n: b\n", "a: >\r\n b\r\n c\r\n", "a: \"\tb\t\n\tc\"", "\u2028a: b\u0085 c",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		docs, ds := source.Parse("p.yaml", []byte(src))
		lines := 1 + strings.Count(src, "\n") + strings.Count(src, "\r") + strings.Count(src, "\u0085") + strings.Count(src, "\u2028") + strings.Count(src, "\u2029")
		for _, d := range ds {
			if d.Line < 1 || d.Line > lines || d.Col < 1 {
				t.Errorf("finding outside the file: %s", d)
			}
		}
		for _, d := range docs {
			walk(t, d, lines)
		}
	})
}

func walk(t *testing.T, n *source.Node, lines int) {
	for _, p := range n.Pairs() {
		walk(t, p.Key, lines)
		walk(t, p.Value, lines)
	}
	for _, it := range n.Items() {
		walk(t, it, lines)
	}
	if at := n.Span(); at.Line < 1 || at.Line > lines || at.Col < 1 || at.End <= at.Col {
		t.Errorf("node outside the file: %+v", at)
	}
	if n.Kind() == source.Scalar && strings.TrimSpace(n.Text()) != "" && len(n.Text()) > 1 {
		if len(n.Spans()) != len([]rune(n.Text()))+1 {
			t.Errorf("%d spans for %q", len(n.Spans()), n.Text())
		}
		if n.Lost() {
			t.Errorf("no places for the runes of %q", n.Text())
		}
	}
}

func TestPlainValues(t *testing.T) {
	t.Parallel()
	src := `{a: 1, b: 1_000, c: .5, d: -2e3, e: 0123, f: yes, g: no, h: on, i: true, j: ~, k: 2026-02-02, l: "1", m: [1.50], n: null, o: +9d, p: 0x10, q: -.5, r: ., s: -e3}`
	docs, ds := source.Parse("p.yaml", []byte(src))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	got := fmt.Sprint(docs[0].JSON())
	want := `map[a:1 b:1000 c:0.5 d:-2e3 e:0123 f:yes g:no h:on i:true j:<nil> k:2026-02-02 l:1 m:[1.50] n:<nil> o:+9d p:0x10 q:-0.5 r:. s:-e3]`
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
