package lsp

import (
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"holdfast/internal/diag"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestPositionsCountUTF16(t *testing.T) {
	t.Parallel()
	tx := newText("ab\n漢😀x\r\ny\rz")
	for _, tt := range []struct {
		off int
		at  position
	}{{0, position{0, 0}}, {2, position{0, 2}}, {3, position{1, 0}}, {6, position{1, 1}}, {10, position{1, 3}}, {11, position{1, 4}}, {13, position{2, 0}}, {15, position{3, 0}}, {16, position{3, 1}}} {
		if got := tx.position(tt.off); got != tt.at {
			t.Errorf("offset %d is %v, want %v", tt.off, got, tt.at)
		}
		if got := tx.offset(tt.at); got != tt.off {
			t.Errorf("%v is offset %d, want %d", tt.at, got, tt.off)
		}
	}
	for p, want := range map[position]int{{1, 2}: 6, {1, 99}: 11, {9, 9}: 16, {-1, 4}: 0, {0, -3}: 0} {
		if got := tx.offset(p); got != want {
			t.Errorf("%v is offset %d, want %d", p, got, want)
		}
	}
}

func TestAByteOrderMarkIsNoColumn(t *testing.T) {
	t.Parallel()
	tx := newText(bom + "clef: x\n")
	start, end := tx.span(diag.Span{Line: 1, Col: 1, End: 5})
	if tx.s[start:end] != "clef" {
		t.Errorf("got %q", tx.s[start:end])
	}
}

func FuzzPositions(f *testing.F) {
	f.Add("a😀\r\nb\u2028c", 3, 1, 2)
	f.Add(bom+"x\xff\ny", 1, 0, 0)
	f.Fuzz(func(t *testing.T, s string, off, line, col int) {
		tx := newText(s)
		p := position{line, col}
		at := tx.offset(p)
		if at < 0 || at > len(s) {
			t.Fatalf("%v is offset %d of %d", p, at, len(s))
		}
		start, end := tx.span(diag.Span{Line: line, Col: col, End: col + 3})
		if start < 0 || end > len(s) || end < start {
			t.Fatalf("%d:%d is %d to %d", line, col, start, end)
		}
		_ = tx.changed(change{&textRange{p, position{col, line}}, "x"})
		if !utf8.ValidString(s) {
			return
		}
		back := tx.position(off)
		if off >= 0 && off <= len(s) && utf8.RuneStart((s + "a")[off]) && !strings.HasPrefix(s[off:], "\n") {
			if got := tx.offset(back); got != off {
				t.Fatalf("offset %d is %v, which is offset %d", off, back, got)
			}
		}
	})
}

func FuzzTree(f *testing.F) {
	f.Add(checkIn, 40)
	f.Add(talk, 100)
	f.Add("a: [{b: \"c\n- d: |\n  e\n", 3)
	f.Add("- - a:\n   b: {c: d, e}\n --- \n", 9)
	kinds := newWorkspace().kinds
	f.Fuzz(func(t *testing.T, s string, off int) {
		tr := parseTree(s)
		var walk func(n *node)
		walk = func(n *node) {
			if n == nil {
				return
			}
			if n.start < 0 || n.end > len(s) || n.start > n.end {
				t.Fatalf("a node from %d to %d of %d", n.start, n.end, len(s))
			}
			for _, it := range n.items {
				walk(it)
			}
			for _, e := range n.entries {
				if e.start < 0 || e.end > len(s) || e.start > e.end {
					t.Fatalf("a key from %d to %d of %d", e.start, e.end, len(s))
				}
				walk(e.val)
			}
		}
		for _, root := range tr.docs {
			walk(root)
			if len(root.entries) > 0 {
				stepsOf(tr, root, &kinds[0])
			}
		}
		p := placeAt(tr, kinds, off)
		if p.value != nil && p.value.kind == scalarNode {
			x := expressionAt(tr, p.value)
			x.bounds()
			for i := range x.tokens {
				x.root(i)
			}
		}
	})
}
