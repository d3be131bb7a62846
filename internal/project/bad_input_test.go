package project_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/internal/project"
)

// Whatever stands in a file, lint ends with a sentence about it.
func TestBadInputIsRefusedWithASentence(t *testing.T) {
	t.Parallel()
	book := func(steps string) string {
		return "playbook: p\nclass: service\ntrigger: {on: Account Saved}\nsteps:\n" + steps
	}
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		prev := string(rune('0' + i))
		bomb += "a" + string(rune('1'+i)) + ": &a" + string(rune('1'+i)) + " [" + strings.Repeat("*a"+prev+", ", 9) + "*a" + prev + "]\n"
	}
	many := strings.Builder{}
	for range 10_000 {
		many.WriteString("  - {wait: 1d}\n")
	}
	for _, tt := range []struct{ name, file, text, want string }{
		{"a bomb of aliases", "p.yaml", bomb, "aliases expand to more than 100000 values [too-large]"},
		{"a thousand brackets", "p.yaml", "playbook: " + strings.Repeat("[", 1000) + strings.Repeat("]", 1000), "[too-large]"},
		{"ten thousand steps", "p.yaml", book(many.String()), "a playbook has at most 2000 steps [too-many-steps]"},
		{"a table of two thousand rows", "p.yaml", "decision: d\ninputs: {n: int}\nrows:\n" + rows(2000) + "  - {when: n > , then: {a: x}}\n", "[bad-expression]"},
		{"a table of four hundred rows", "p.yaml", "decision: d\ninputs: {n: int, m: int}\nrows:\n" + rows(400) + "  - {when: n == 7, then: {a: x}}\n", "[unreachable-row]"},
		{"blocks in blocks", "p.yaml", book(nested(20)), "steps are nested more than 16 deep [too-deep]"},
		{"an expression of a megabyte", "p.yaml", "segment: s\nwhen: " + strings.Repeat("account.logo || ", 1<<16) + "true\n", "the expression is longer than 8 KiB [bad-expression]"},
		{"a thousand parentheses", "p.yaml", "segment: s\nwhen: " + strings.Repeat("(", 1000) + "true" + strings.Repeat(")", 1000) + "\n", "nested too deeply [bad-expression]"},
		{"a pattern that backtracks for ever elsewhere", "p.yaml", "segment: s\nwhen: account.name.matches('(a+)+$') && account.nam == 'x'\n", `unknown field "account.nam"`},
		{"a pattern too large to compile", "p.yaml", "segment: s\nwhen: account.name.matches('((a{1000}){1000}){1000}')\n", "is no pattern [bad-literal]"},
		{"a number with thirty digits", "p.yaml", "segment: s\nwhen: account.seats > 999999999999999999999999999999\n", "the number is too large [bad-expression]"},
		{"an amount beyond money", "p.yaml", "segment: s\nwhen: account.arr > 9223372036854775807\n", "[bad-literal]"},
		{"a wait of ages", "p.yaml", book("  - {id: w, wait: 99999999999999999999d}\n"), "[bad-duration]"},
		{"a wait of a thousand years", "p.yaml", book("  - {id: w, wait: 999999999d}\n"), "[bad-duration]"},
		{"passes without number", "p.yaml", book("  - {id: w, every: 1d, times: 99999999999999999999, steps: [{id: x, wait: 1h}]}\n"), "[bad-value]"},
		{"no text at all", "p.yaml", "\x00\x01\x02", "[syntax]"},
		{"half a character", "p.yaml", "playbook: \xc3\n", "this is not UTF-8 text [syntax]"},
		{"a template without end", "templates/win-back/opening.md", "---\nsubject: x\n---\n{% for i in (1..9) %}", "[bad-template]"},
		{"a template of a megabyte", "templates/win-back/opening.md", "---\nsubject: x\n---\n" + strings.Repeat("x", 1<<20), "a template has at most 64 KB [bad-template]"},
		{"a template that reads a file", "templates/win-back/opening.md", "---\nsubject: x\n---\n{% include '/etc/passwd' %}", "[bad-template]"},
		{"tags in tags", "templates/win-back/opening.md", "---\nsubject: x\n---\n" + strings.Repeat("{% if account.name %}", 2000), "[bad-template]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, map[string]string{"holdfast.yaml": plain + "library: [win-back]\n", tt.file: tt.text})
			_, found := lint(t, dir)
			got := strings.Join(found, "\n")
			if !strings.Contains(got, tt.want) {
				t.Errorf("want %s, got %.2000s", tt.want, got)
			}
		})
	}
}

func rows(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  - {when: n == %d, then: {a: x}}\n", i)
	}
	return b.String()
}

func nested(deep int) string {
	var b strings.Builder
	for i := range deep {
		pad := strings.Repeat("  ", 2*i+1)
		b.WriteString(pad + "- id: s" + strings.Repeat("x", i) + "\n" + pad + "  every: 1d\n" + pad + "  times: 2\n" + pad + "  steps:\n")
	}
	b.WriteString(strings.Repeat("  ", 2*deep+1) + "- {id: last, wait: 1d}\n")
	return b.String()
}

func TestAFileOfFiftyMegabytesIsNotRead(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"holdfast.yaml": plain, "huge.yaml": "playbook: p\n", "templates/huge.md": "x"})
	for _, name := range []string{"huge.yaml", "templates/huge.md"} {
		if err := os.Truncate(filepath.Join(dir, name), 50<<20); err != nil {
			t.Fatal(err)
		}
	}
	p, found := lint(t, dir)
	if len(found) != 2 || !strings.Contains(found[0], "the file has 52428800 bytes; 4194304 is the most [too-large]") {
		t.Errorf("got %v", found)
	}
	for name, text := range p.Sources {
		if len(text) > 1<<20 {
			t.Errorf("%s was read", name)
		}
	}
}

func FuzzLoad(f *testing.F) {
	const good = "playbook: p\ntrigger: {on: Account Saved}\nexit: [{on: email.replied, outcome: x}] # lint: allow dead-exit because\nsteps:\n  - {id: m, email: hi, to: [contacts.champion]}\n"
	const hi = "---\nsubject: Hi {{ contact.first_name }}\n---\nIt is not guaranteed; Initech is slow. {% comment %} lint: allow banned-claim because x {% endcomment %}\n"
	f.Add(plain+"claims: {banned: [a b], competitors: [Initech]}\n", good, hi)
	f.Add("project: p\n", "decision: d\ninputs: {a: percent, b: bool}\nrows: [{when: a > 5 && b, then: {x: y}}]\n", "")
	f.Add("a: &a [*a]\n", "segment: s\nwhen: x[0] % 5 == y\n", "{% for a in b %}{{ a | append: a }}{% endfor %}")
	f.Fuzz(func(t *testing.T, settings, book, template string) {
		dir := write(t, map[string]string{"holdfast.yaml": settings, "p.yaml": book, "templates/hi.md": template, "templates/hi.de.md": template + "x"})
		p, found, err := project.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range append(found, p.Notes...) {
			lines := strings.Count(p.Sources[d.File], "\n") + strings.Count(p.Sources[d.File], "\r") + strings.Count(p.Sources[d.File], "\u0085") + strings.Count(p.Sources[d.File], "\u2028") + strings.Count(p.Sources[d.File], "\u2029") + 1
			if d.Line < 1 || d.Col < 1 || d.Message == "" || p.Sources[d.File] != "" && d.Line > lines {
				t.Errorf("finding outside the file: %s", d)
			}
			if _, ok := project.Named(d.Check); !ok {
				t.Errorf("%q is in no list", d.Check)
			}
		}
	})
}
