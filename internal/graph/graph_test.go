package graph_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/diag"
	"holdfast/internal/graph"
	"holdfast/internal/project"
	"holdfast/playbooks"
)

const small = `playbook: small
class: service
trigger: {id: saved, on: Account Saved}
steps:
  - id: watch
    every: 1w
    times: 4
    steps:
      - id: look
        branch:
          - {when: account.name == "a & b", steps: [{id: note, slack: owner, text: "\"x\" < y"}]}
          - {else: true, steps: [{id: stop, end: told}]}
  - id: both
    parallel:
      arms:
        - {id: one, steps: [{id: end_1, wait: 1d}]}
        - {id: two, steps: [{id: two_1, wait: 2d}]}
`

func load(t *testing.T, src string) *playbooks.Playbook {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"holdfast.yaml": "project: p\nrules: library\n", "playbooks/p.yaml": src} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	p, found, err := project.Load(dir)
	if err != nil || diag.Failed(found) {
		t.Fatal(err, found)
	}
	return p.Playbooks[0]
}

func TestAPlaybookIsDrawnAsText(t *testing.T) {
	t.Parallel()
	want := `flowchart TD
    _start(["small: saved"])
    s_watch["every watch: every 1w"]
    s_look{"branch look"}
    s_note["slack note: owner"]
    s_stop(["end stop: told"])
    s_both["parallel both"]
    s_end_1(["wait end_1: 1d"])
    s_two_1(["wait two_1: 2d"])
    _done(["completed"])
    _start --> s_watch
    s_watch --> s_look
    s_look -->|"account.name == #quot;a #amp; b#quot;"| s_note
    s_look -->|"else"| s_stop
    s_note -.-> s_watch
    s_watch -->|"afterwards"| s_both
    s_both -->|"one"| s_end_1
    s_both -->|"two"| s_two_1
    s_end_1 --> _done
    s_two_1 --> _done
`
	g := graph.Of(load(t, small))
	if d := cmp.Diff(want, g.Mermaid()); d != "" {
		t.Error(d)
	}
	dot := g.DOT()
	for _, line := range []string{
		`s_look -> s_note [label="account.name == \"a & b\""];`, `s_note -> s_watch [style=dashed, constraint=false];`, `_start [label="small: saved", shape=oval];`,
	} {
		if !strings.Contains(dot, line) {
			t.Errorf("no %s in\n%s", line, dot)
		}
	}
}

// Every picture is well-formed XML, shows each step once, keeps its boxes apart
// and inside, and loads nothing.
func TestPicturesStandAlone(t *testing.T) {
	t.Parallel()
	p, found, err := project.Load("../../playbooks/library")
	if err != nil || diag.Failed(found) {
		t.Fatal(err, found)
	}
	for _, b := range append(p.Playbooks, load(t, small)) {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			g := graph.Of(b)
			g.Counts = map[string]int{b.Program.First: 12}
			text := g.SVG()
			steps, rects := shapes(t, text)
			for _, s := range b.Program.Steps {
				if steps[s.ID] != 1 {
					t.Errorf("step %s is drawn %d times", s.ID, steps[s.ID])
				}
			}
			for i, a := range rects[1:] {
				if a.x < 0 || a.y < 0 || a.x+a.w > rects[0].w || a.y+a.h > rects[0].h {
					t.Errorf("a box at %v is outside of %v", a, rects[0])
				}
				for _, o := range rects[i+2:] {
					if a.h > 20 && o.h > 20 && a.x < o.x+o.w && o.x < a.x+a.w && a.y < o.y+o.h && o.y < a.y+a.h {
						t.Errorf("boxes %v and %v lie over each other", a, o)
					}
				}
			}
			if strings.Contains(strings.ReplaceAll(text, `xmlns="http://www.w3.org/2000/svg"`, ""), "http") {
				t.Error("the picture names an address")
			}
			if !strings.Contains(text, ">12</text>") {
				t.Error("the count is not shown")
			}
		})
	}
}

type rect struct{ x, y, w, h int }

func shapes(t *testing.T, text string) (steps map[string]int, rects []rect) {
	t.Helper()
	steps = map[string]int{}
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return steps, rects
		}
		if err != nil {
			t.Fatal(err)
		}
		el, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		at := map[string]string{}
		for _, a := range el.Attr {
			at[a.Name.Local] = a.Value
		}
		if step := at["data-step"]; step != "" {
			steps[step]++
		}
		if el.Name.Local == "rect" {
			rects = append(rects, rect{number(t, at["x"]), number(t, at["y"]), number(t, at["width"]), number(t, at["height"])})
		}
	}
}

func number(t *testing.T, s string) int {
	t.Helper()
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(fmt.Errorf("measure %q: %w", s, err))
	}
	return n
}
