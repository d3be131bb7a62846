package project_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/playbooks"
)

const casesDir = "../../playbooks/testdata/checks"

// wanted reads the comments of a case: `# want [FILE] LINE:COLUMN [CHECK]`.
var wanted = regexp.MustCompile(`(?m)(?:#|\{% comment %\}) want (?:(\S+) )?(\d+:\d+)(?: ([a-z-]+))?`)

// What `holdfast lint --format json playbooks/testdata/checks` says: each check
// finds its bad case at the exact place, and nothing in its good case.
func TestEachCheckFindsItsBadCaseAndNothingInItsGoodCase(t *testing.T) {
	t.Parallel()
	for _, c := range project.Checks() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(casesDir, c.Name)
			want := wants(t, dir, c.Name)
			if len(want) == 0 || len(playbooks.Case(c.Name, "good")) == 0 {
				t.Fatalf("%s needs a bad case with # want LINE:COLUMN, and a good one", dir)
			}
			var got []string
			for _, p := range project.Below(dir) {
				loaded, found, err := project.Load(p)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range append(found, loaded.Notes...) {
					if d.Severity == diag.Note && d.Check != c.Name {
						continue
					}
					rel, err := filepath.Rel(dir, d.File)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, fmt.Sprintf("%s %d:%d %s", filepath.ToSlash(rel), d.Line, d.Col, d.Check))
					if d.Check == c.Name && d.Severity != c.Severity && !slices.Contains(several, d.Check) {
						t.Errorf("%s is listed as %s, and this is: %s", c.Name, c.Severity, d)
					}
				}
			}
			slices.Sort(got)
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// several checks are said with more than one severity.
var several = []string{"unreachable-row", "endless-loop", "unknown-playbook", "offer-without-exchange", "offer-without-sunset"}

func wants(t *testing.T, dir, check string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		for _, m := range wanted.FindAllStringSubmatch(string(text), -1) {
			file, named := filepath.ToSlash(rel), check
			if m[1] != "" {
				file = m[1]
			}
			if m[3] != "" {
				named = m[3]
			}
			out = append(out, file+" "+m[2]+" "+named)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	slices.Sort(out)
	return out
}

// A name that some code reports and the list does not know would have no page,
// no rule in SARIF, and could not be allowed.
func TestEveryNameThatIsReportedIsListed(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, c := range project.Checks() {
		if listed[c.Name] {
			t.Errorf("%s is listed twice", c.Name)
		}
		listed[c.Name] = true
		if c.Summary == "" || c.Why == "" || !strings.HasSuffix(c.Summary, ".") || !strings.HasSuffix(c.Why, ".") {
			t.Errorf("%s needs a summary and a why, in sentences", c.Name)
		}
	}
	for _, dir := range []string{"rules", "steps", "triggers", "playbooks", "internal/source", "internal/project"} {
		for name, at := range reported(t, filepath.Join("../..", dir)) {
			if !listed[name] {
				t.Errorf("%s reports %q, which is in no list: see internal/project/named_*.go", at, name)
			}
		}
	}
	entries, err := os.ReadDir(casesDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !listed[e.Name()] {
			t.Errorf("%s is the case of no check", e.Name())
		}
	}
}

var checkName = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// reported are the names that the Go files of a directory give to findings: the
// second argument of Errorf, Warnf, report and unknown, and fields called Check.
func reported(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	fset := token.NewFileSet()
	note := func(e ast.Expr) {
		lit, ok := e.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return
		}
		if s, err := strconv.Unquote(lit.Value); err == nil && checkName.MatchString(s) {
			out[s] = fset.Position(lit.Pos()).String()
		}
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && len(n.Args) > 2 && slices.Contains([]string{"Errorf", "Warnf", "report", "unknown"}, sel.Sel.Name) {
					note(n.Args[1])
				}
			case *ast.KeyValueExpr:
				if id, ok := n.Key.(*ast.Ident); ok && (id.Name == "Check" || id.Name == "check") {
					note(n.Value)
				}
			case *ast.AssignStmt:
				if sel, ok := n.Lhs[0].(*ast.SelectorExpr); ok && sel.Sel.Name == "Check" {
					note(n.Rhs[0])
				}
			}
			return true
		})
	}
	return out
}
