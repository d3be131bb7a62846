package project_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"holdfast/internal/paired"
	"holdfast/internal/project"
	library "holdfast/playbooks/library"
	"holdfast/rules"
	"holdfast/steps"
)

var (
	pairs = flag.Int("bench-pairs", 0, "pairs to measure; 0 checks on a few playbooks that both sides do the same work")
	books = flag.Int("bench-books", 1000, "playbooks in a project")
)

// most is how much longer linting may take than reading the same files with a
// plain YAML library and compiling each of their expressions once.
const most = 1.5

// TestBenchLint measures what lint adds: the whole of `holdfast lint` on a project
// of many playbooks, against yaml.v3 and rules.Set.Compile on the same files.
// Interleaved pairs, the median of their ratios and its 95 % interval; a miss only
// when the whole interval misses.
func TestBenchLint(t *testing.T) { //nolint:paralleltest // it measures
	n := *books
	if *pairs == 0 {
		n = 20
	}
	dir := manyBooks(t, n)
	p, found, err := project.Load(dir)
	if err != nil || len(found) > 0 || len(p.Playbooks) != n {
		t.Fatalf("%d playbooks, %v, %v", len(p.Playbooks), err, found)
	}
	scopes := map[string]map[string]map[string]rules.Type{}
	for _, b := range p.Playbooks {
		scopes[b.File] = results(b.Program)
	}
	if *pairs == 0 {
		if got, want := compileAll(t, p.Rules, scopes, ""), n*9; got < want {
			t.Errorf("the baseline compiled %d expressions of %d playbooks; at least %d are there", got, n, want)
		}
		return
	}
	var cpu, wall, ours, theirs []float64
	for i := range *pairs {
		lint := func() paired.Cost { return paired.Measure(t, func() { mustLint(t, dir) }) }
		plain := func() paired.Cost { return paired.Measure(t, func() { compileAll(t, p.Rules, scopes, fmt.Sprint(i)) }) }
		var a, b paired.Cost
		if i%2 == 0 {
			a, b = lint(), plain()
		} else {
			b, a = plain(), lint()
		}
		cpu, wall = append(cpu, a.CPU/b.CPU), append(wall, a.Wall/b.Wall)
		ours, theirs = append(ours, a.CPU), append(theirs, b.CPU)
	}
	low, high := paired.Interval(cpu)
	t.Logf("%d playbooks, %d pairs: lint %.2f s of processor, plain %.2f s; ratio %.2f (%.2f to %.2f)", n, *pairs, paired.Median(ours), paired.Median(theirs), paired.Median(cpu), low, high)
	wlow, whigh := paired.Interval(wall)
	t.Logf("wall time: ratio %.2f (%.2f to %.2f)", paired.Median(wall), wlow, whigh)
	if low > most {
		t.Errorf("lint takes %.2f times what plain reading takes; %.1f is the most", paired.Median(cpu), most)
	}
}

// manyBooks is a project of n playbooks: the shipped ones again and again, each
// with another name and other numbers.
func manyBooks(t *testing.T, n int) string {
	t.Helper()
	var texts []string
	for _, name := range []string{"win-back", "renewal-90", "save", "post-save", "renewal-silence"} {
		text, err := library.Files.ReadFile(name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	files := map[string]string{"holdfast.yaml": plain}
	for i := range n {
		text := texts[i%len(texts)]
		head, rest, _ := strings.Cut(text, "\n")
		name := strings.TrimPrefix(head, "playbook: ")
		text = fmt.Sprintf("playbook: %s-n%d\n%s", name, i, rest)
		text = strings.ReplaceAll(text, `event.playbook == "post-save"`, `event.playbook == "post-save-n3"`)
		text = strings.ReplaceAll(text, `event.playbook == "renewal-90"`, `event.playbook == "renewal-90-n1"`)
		text = strings.ReplaceAll(text, "days_until(account.renewal_date) > 3", fmt.Sprintf("days_until(account.renewal_date) > %d", i%80))
		text = strings.ReplaceAll(text, `account.status == "active"`, fmt.Sprintf(`account.status == "active" && account.seats != %d`, i))
		text = strings.ReplaceAll(text, `account.status == "churned" &&`, fmt.Sprintf(`account.status == "churned" && account.seats != %d &&`, i))
		files[fmt.Sprintf("playbooks/p%04d.yaml", i)] = text
	}
	return write(t, files)
}

func mustLint(t *testing.T, dir string) {
	_, found, err := project.Load(dir)
	if err != nil || len(found) > 0 {
		t.Fatal(err, found)
	}
}

// results are the fields of each step's result, as conditions may read them.
func results(p *steps.Program) map[string]map[string]rules.Type {
	out := map[string]map[string]rules.Type{}
	for _, s := range p.Steps {
		fields := map[string]rules.Type{"outcome": rules.String, "at": rules.Timestamp, "pass": rules.Int, "passes": rules.Int, "event": rules.String}
		if task, ok := s.Spec.(*steps.Task); ok {
			for _, q := range task.Form {
				fields[q.Name] = q.Type
			}
		}
		out[s.ID] = fields
	}
	return out
}

// compileAll is the baseline: each file read, decoded by the YAML library, and
// every expression in it compiled once; salt makes those of one call its own. It
// answers how many there were.
func compileAll(t *testing.T, set *rules.Set, scopes map[string]map[string]map[string]rules.Type, salt string) (count int) {
	for _, file := range slices.Sorted(maps(scopes)) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dec := yaml.NewDecoder(bytes.NewReader(text))
		for {
			var n yaml.Node
			if err := dec.Decode(&n); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			each(&n, func(src string, want rules.Type, event string) {
				count++
				src += fmt.Sprintf(" // %s %d", salt, count) // a set remembers what it compiled; the baseline is not to gain by it
				if e, found := set.Compile(src, nil, rules.Scope{Event: event, Steps: scopes[file]}, want); e == nil {
					t.Fatalf("%s: %s: %v", filepath.Base(file), src, found)
				}
			})
		}
	}
	return count
}

func maps[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// each visits the expressions below n: what stands under when, if, until, unless
// and at, with the event that stands beside.
func each(n *yaml.Node, visit func(src string, want rules.Type, event string)) {
	if n.Kind != yaml.MappingNode {
		for _, c := range n.Content {
			each(c, visit)
		}
		return
	}
	event := ""
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "on" {
			event = n.Content[i+1].Value
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		v := n.Content[i+1]
		switch key := n.Content[i].Value; {
		case v.Kind != yaml.ScalarNode:
			each(v, visit)
		case key == "when" || key == "if" || key == "unless" || key == "until" && !strings.Contains(v.Value, "add_days") && v.Value != "account.renewal_date":
			visit(v.Value, rules.Bool, event)
		case key == "until" || key == "at":
			visit(v.Value, rules.Any, "")
		}
	}
}
