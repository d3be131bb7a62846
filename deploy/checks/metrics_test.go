package checks

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	promql_parser "github.com/prometheus/prometheus/promql/parser"
)

// metric is one that the product has.
type metric struct {
	kind   string
	labels []string
}

// ours are the metrics that internal/telemetry declares.
func ours(t *testing.T) map[string]metric {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), repository+"internal/telemetry/metrics.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	metrics := map[string]metric{}
	ast.Inspect(file, func(n ast.Node) bool {
		literal, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if name, ok := literal.Type.(*ast.Ident); !ok || name.Name != "Metric" {
			return true
		}
		var name string
		var m metric
		for _, e := range literal.Elts {
			pair, ok := e.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			switch key := pair.Key.(*ast.Ident).Name; v := pair.Value.(type) {
			case *ast.BasicLit:
				if key == "Name" {
					name, _ = strconv.Unquote(v.Value)
				}
			case *ast.Ident:
				if key == "Kind" {
					m.kind = v.Name
				}
			case *ast.CompositeLit:
				for _, l := range v.Elts {
					if text, ok := l.(*ast.BasicLit); ok && key == "Labels" {
						label, _ := strconv.Unquote(text.Value)
						m.labels = append(m.labels, label)
					}
				}
			}
		}
		metrics[name] = m
		return true
	})
	if len(metrics) < 20 {
		t.Fatalf("only %d metrics were found in internal/telemetry", len(metrics))
	}
	return metrics
}

// others are those of libraries: Temporal's SDK, the process and the Go runtime.
type others struct{ sdk string }

func newOthers(t *testing.T) others {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "go.temporal.io/sdk")
	list.Dir = repository
	dir, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	return others{slurp(t, filepath.Join(strings.TrimSpace(string(dir)), "internal/common/metrics/constants.go"))}
}

// has reports whether one is known. A request's names are put together there.
func (o others) has(name string) bool {
	if slices.Contains([]string{"process_cpu_seconds_total", "process_resident_memory_bytes", "go_goroutines", "up"}, name) {
		return true
	}
	for _, suffix := range []string{"_seconds_bucket", "_seconds_count", "_seconds_sum", "_total", ""} {
		if name, ok := strings.CutSuffix(name, suffix); ok {
			rest, ok := strings.CutPrefix(name, "temporal_")
			if ok && (strings.Contains(o.sdk, `"`+rest+`"`) || strings.HasPrefix(rest, "request_") && strings.Contains(o.sdk, `"`+strings.TrimPrefix(rest, "request")+`"`)) {
				return true
			}
		}
	}
	return false
}

// wrong is what an expression has that nobody exports: metrics, labels of ours,
// a counter that is not taken as a rate.
func wrong(expr string, metrics map[string]metric, o others) []string {
	parsed, err := promql_parser.NewParser(promql_parser.Options{}).ParseExpr(expr)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	promql_parser.Inspect(parsed, func(n promql_parser.Node, path []promql_parser.Node) error {
		v, ok := n.(*promql_parser.VectorSelector)
		if !ok {
			return nil
		}
		m, known := metrics[v.Name]
		if !known {
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				if base, ok := strings.CutSuffix(v.Name, suffix); ok && metrics[base].kind == "Histogram" {
					m, known = metrics[base], true
				}
			}
		} else if m.kind == "Histogram" {
			found = append(found, v.Name+" is a histogram: take its _bucket, _count or _sum")
		}
		if !known {
			if !o.has(v.Name) {
				found = append(found, "nothing exports "+v.Name)
			}
			return nil
		}
		may := append([]string{"instance", "job", "le", labels.MetricName}, m.labels...)
		for _, matcher := range v.LabelMatchers {
			if !slices.Contains(may, matcher.Name) {
				found = append(found, fmt.Sprintf("%s has no label %s", v.Name, matcher.Name))
			}
		}
		for _, above := range path {
			if a, ok := above.(*promql_parser.AggregateExpr); ok && !a.Without {
				for _, label := range a.Grouping {
					if !slices.Contains(may, label) {
						found = append(found, fmt.Sprintf("%s is summed up by %s, which it has not", v.Name, label))
					}
				}
			}
		}
		return nil
	})
	return found
}

func TestWrongMetricsAreFound(t *testing.T) {
	t.Parallel()
	metrics, o := ours(t), newOthers(t)
	for expr, says := range map[string]string{
		`sum(rate(holdfast_mesages_total[5m]))`:                              "nothing exports holdfast_mesages_total",
		`rate(holdfast_messages_total{playbook="a"}[5m])`:                    "no label playbook",
		`sum by (channel) (rate(holdfast_messages_total[5m]))`:               "summed up by channel",
		`rate(holdfast_exit_close_seconds[5m])`:                              "is a histogram",
		`temporal_requests_total`:                                            "nothing exports temporal_requests_total",
		`sum(`:                                                               "unclosed",
		`histogram_quantile(0.9, rate(holdfast_relay_rows_bucket[5m]))`:      "nothing exports holdfast_relay_rows_bucket",
		`rate(temporal_request_failure_total[5m]) + on () vector(unknown())`: "unknown function",
	} {
		if found := wrong(expr, metrics, o); len(found) == 0 || !strings.Contains(strings.Join(found, "; "), says) {
			t.Errorf("%s: %q, want %q", expr, found, says)
		}
	}
	if found := wrong(`rate(temporal_request_failure_total[5m])`, metrics, o); len(found) > 0 {
		t.Error(found)
	}
}
