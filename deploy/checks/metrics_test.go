package checks

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

var (
	metricRow = regexp.MustCompile("(?m)^\\| `(holdfast_\\w+)` \\| (counter|gauge|histogram) \\| ([^|]*) \\|")
	labelName = regexp.MustCompile("`(\\w+)`")
)

// ours are the metrics of the reference, which is written from the code.
func ours(t *testing.T) map[string]metric {
	t.Helper()
	metrics := map[string]metric{}
	for _, row := range metricRow.FindAllStringSubmatch(slurp(t, repository+"docs/reference/metrics.md"), -1) {
		m := metric{kind: row[2]}
		for _, label := range labelName.FindAllStringSubmatch(row[3], -1) {
			m.labels = append(m.labels, label[1])
		}
		metrics[row[1]] = m
	}
	if len(metrics) < 20 {
		t.Fatalf("only %d metrics were found in the reference", len(metrics))
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
				if base, ok := strings.CutSuffix(v.Name, suffix); ok && metrics[base].kind == "histogram" {
					m, known = metrics[base], true
				}
			}
		} else if m.kind == "histogram" {
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
