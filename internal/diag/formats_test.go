package diag_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/diag"
)

func TestWorkflowCommandsCannotBeBrokenByAFile(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	d := diag.Diagnostic{
		Span: diag.Span{File: "a,b:c/p.yaml", Line: 3, Col: 5, End: 9}, Severity: diag.Warning, Check: "no-guardrails",
		Message: "100 %\n::error::forged", Hint: "x",
	}
	if err := diag.GitHub(&b, []diag.Diagnostic{d}); err != nil {
		t.Fatal(err)
	}
	want := "::warning file=a%2Cb%3Ac/p.yaml,line=3,endLine=3,col=5,endColumn=8,title=no-guardrails::100 %25%0A::error::forged%0Ahint: x\n"
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}

// The shape that the SARIF 2.1.0 schema requires, field by field; unknown keys fail.
func TestSARIFHasTheShapeOfItsSchema(t *testing.T) {
	t.Parallel()
	checks := []diag.Check{{Name: "a", Summary: "A.", Why: "B."}, {Name: "b", Severity: diag.Note, Summary: "C.", Why: "D."}}
	ds := []diag.Diagnostic{
		{Span: diag.Span{File: "dir/a b.yaml", Line: 2, Col: 3, End: 3}, Severity: diag.Note, Check: "b", Message: "m", Hint: "h"},
		{Span: diag.Span{File: "p.yaml", Line: 1, Col: 1, End: 5}, Check: "a", Message: "n"},
	}
	var b strings.Builder
	if err := diag.SARIF(&b, ds, checks, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	type text struct{ Text string }
	var got struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name, Version string
					Rules         []struct {
						ID                                      string
						ShortDescription, FullDescription, Help text
						DefaultConfiguration                    struct{ Level string }
					}
				}
			}
			ColumnKind string
			Results    []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   text
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, StartColumn, EndColumn int }
					}
				}
			}
		}
	}
	dec := json.NewDecoder(strings.NewReader(b.String()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Version != "2.1.0" || !strings.HasSuffix(got.Schema, "sarif-2.1.0.json") || len(got.Runs) != 1 {
		t.Fatalf("got %s", b.String())
	}
	run := got.Runs[0]
	if run.ColumnKind != "unicodeCodePoints" || run.Tool.Driver.Name == "" || len(run.Tool.Driver.Rules) != 2 || len(run.Results) != 2 {
		t.Errorf("got %s", b.String())
	}
	levels := map[string]bool{"none": true, "note": true, "warning": true, "error": true}
	for _, r := range run.Tool.Driver.Rules {
		if r.ID == "" || r.ShortDescription.Text == "" || r.Help.Text == "" || !levels[r.DefaultConfiguration.Level] {
			t.Errorf("rule %+v", r)
		}
	}
	for _, r := range run.Results {
		at := r.Locations[0].PhysicalLocation
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || !levels[r.Level] || r.Message.Text == "" {
			t.Errorf("result %+v", r)
		}
		if at.Region.StartLine < 1 || at.Region.StartColumn < 1 || at.Region.EndColumn <= at.Region.StartColumn || strings.Contains(at.ArtifactLocation.URI, " ") {
			t.Errorf("place %+v", at)
		}
	}
	b.Reset()
	if err := diag.SARIF(&b, nil, nil, ""); err != nil || !strings.Contains(b.String(), `"results": []`) || !strings.Contains(b.String(), `"rules": []`) {
		t.Errorf("nothing found is %v %s", err, b.String())
	}
}
