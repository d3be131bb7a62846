package checks

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// dashboard is what Grafana reads of a dashboard's JSON, as far as a mistake in it
// can be seen from here.
type dashboard struct {
	UID, Title    string
	SchemaVersion int
	Templating    struct {
		List []struct {
			Name, Type, Definition string
		}
	}
	Panels []panel
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ H, W, X, Y int }
	Datasource               struct{ Type, UID string }
	Targets                  []struct {
		RefID, Expr string
		Datasource  struct{ UID string }
	}
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal([]byte(slurp(t, root+"grafana/holdfast.json")), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheDashboardHasItsPlace(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	if d.UID == "" || d.Title == "" || d.SchemaVersion < 36 || len(d.Panels) < 25 {
		t.Errorf("uid %q, title %q, schema %d, %d panels", d.UID, d.Title, d.SchemaVersion, len(d.Panels))
	}
	seen := map[int]bool{}
	for i, p := range d.Panels {
		if p.ID == 0 || seen[p.ID] || p.Title == "" {
			t.Errorf("panel %d %q: its id is not its own, or it has no title", p.ID, p.Title)
		}
		seen[p.ID] = true
		if g := p.GridPos; g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
			t.Errorf("%s: %+v is not on the grid", p.Title, g)
		}
		for _, q := range d.Panels[:i] {
			a, b := p.GridPos, q.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%s lies on %s", p.Title, q.Title)
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("%s: reads %q with %d queries; the data source is the reader's choice", p.Title, p.Datasource.UID, len(p.Targets))
		}
	}
}

// TestTheDashboardAsksForWhatIsThere, and for each of our metrics.
func TestTheDashboardAsksForWhatIsThere(t *testing.T) {
	t.Parallel()
	d, metrics, o := readDashboard(t), ours(t), newOthers(t)
	var variables, asked []string
	for _, v := range d.Templating.List {
		variables = append(variables, "$"+v.Name)
		if rest, ok := strings.CutPrefix(v.Definition, "label_values("); ok {
			name, label, _ := strings.Cut(strings.TrimSuffix(rest, ")"), ", ")
			for _, w := range wrong("count by ("+label+") ("+name+")", metrics, o) {
				t.Errorf("variable %s: %s", v.Name, w)
			}
		}
	}
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			asked = append(asked, q.Expr)
			// What Grafana puts in before it asks.
			expr := strings.ReplaceAll(q.Expr, "$__rate_interval", "5m")
			for _, v := range variables {
				expr = strings.ReplaceAll(expr, v, "x")
			}
			if strings.Contains(expr, "$") {
				t.Errorf("%s %s: a variable that nobody sets in %s", p.Title, q.RefID, expr)
			}
			for _, w := range wrong(expr, metrics, o) {
				t.Errorf("%s %s: %s", p.Title, q.RefID, w)
			}
		}
	}
	for name := range metrics {
		if !slices.ContainsFunc(asked, func(expr string) bool { return strings.Contains(expr, name) }) {
			t.Errorf("no panel shows %s", name)
		}
	}
}
