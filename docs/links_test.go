package docs_test

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"holdfast/steps"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	links := 0
	for _, name := range append(pages(t), "llms.txt", "../CONTRIBUTING.md") {
		text := fenced.ReplaceAllString(slurp(t, name), "")
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			to, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(to, ":") {
				continue // elsewhere
			}
			links++
			file := path.Join(path.Dir(name), to)
			if to == "" {
				file = name
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links %s, which is not there", name, m[1])
				continue
			}
			if anchor != "" && !strings.Contains(anchors(slurp(t, file)), " "+anchor+" ") {
				t.Errorf("%s links %s, and the page has no such heading", name, m[1])
			}
		}
	}
	if links < 200 {
		t.Errorf("only %d links were looked at", links)
	}
}

// anchors of a page's headings, as GitHub makes them, with blanks around each.
func anchors(text string) string {
	all := " "
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		word := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case strings.ContainsRune("`*.,:;!?()'\"/", r):
				return -1
			}
			return r
		}, strings.ToLower(m[1]))
		all += word + " "
	}
	return all
}

func TestEveryGuideIsInTheIndex(t *testing.T) {
	t.Parallel()
	index, llms := slurp(t, "guides/README.md"), slurp(t, "llms.txt")
	guides, err := os.ReadDir("guides")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range guides {
		if g.Name() != "README.md" && !strings.Contains(index, "("+g.Name()+")") {
			t.Errorf("guides/README.md does not name %s", g.Name())
		}
		if g.Name() != "README.md" && !strings.Contains(llms, "(guides/"+g.Name()+")") {
			t.Errorf("llms.txt does not name %s; it is made in internal/reference", g.Name())
		}
	}
}

func TestTheTourShowsEveryVerb(t *testing.T) {
	t.Parallel()
	tour := slurp(t, "guides/write-a-playbook.md")
	for _, verb := range steps.Names() {
		if !regexp.MustCompile(`(?m)^\s*(- \{.*|- )?\b` + verb + `:`).MatchString(tour) {
			t.Errorf("the tour does not show %s", verb)
		}
	}
}

func slurp(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
