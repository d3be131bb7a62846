package checks

import (
	"log/slog"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	promql_parser "github.com/prometheus/prometheus/promql/parser"
)

const alertsFile = root + "prometheus/alerts.yaml"

func alerts(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.ParseFile(alertsFile, false, model.UTF8Validation, promql_parser.NewParser(promql_parser.Options{}), slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
	var all []rulefmt.Rule
	for _, g := range groups.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) < 15 {
		t.Fatalf("only %d alerts", len(all))
	}
	return all
}

// TestAlertsAskForWhatIsThere, and say to whom they go and what to do.
func TestAlertsAskForWhatIsThere(t *testing.T) {
	t.Parallel()
	metrics, o := ours(t), newOthers(t)
	for _, a := range alerts(t) {
		for _, w := range wrong(a.Expr, metrics, o) {
			t.Errorf("%s: %s", a.Alert, w)
		}
		if s := a.Labels["severity"]; s != "page" && s != "ticket" {
			t.Errorf("%s: severity %q, want page or ticket", a.Alert, s)
		}
		if a.For < model.Duration(5*60e9) {
			t.Errorf("%s: wakes somebody after %s; one bad scrape is no alarm", a.Alert, a.For)
		}
		file, anchor, _ := strings.Cut(a.Annotations["runbook"], "#")
		if a.Annotations["summary"] == "" || a.Annotations["description"] == "" || file == "" {
			t.Errorf("%s: summary, description and runbook are wanted", a.Alert)
			continue
		}
		page := slurp(t, repository+file)
		if !strings.Contains(page, "\n## "+strings.ToUpper(anchor[:1])+strings.ReplaceAll(anchor[1:], "-", " ")+"\n") {
			t.Errorf("%s: %s has no heading %s", a.Alert, file, anchor)
		}
		if !strings.Contains(page, "`"+a.Alert+"`") {
			t.Errorf("%s: %s does not say what to do", a.Alert, file)
		}
	}
}

// TestAlertsFireWhenTheyShould runs Prometheus' own tests of rules. Each alert has
// a case in which it fires and one in which it does not.
func TestAlertsFireWhenTheyShould(t *testing.T) {
	t.Parallel()
	cases := slurp(t, root+"prometheus/alerts_test.yaml")
	for _, a := range alerts(t) {
		for _, name := range []string{" fires", " is quiet"} {
			if !regexp.MustCompile(`(?m)^  - name: ` + a.Alert + name + `$`).MatchString(cases) {
				t.Errorf("no case %q", a.Alert+name)
			}
		}
	}
	promtool := func(args ...string) (string, error) {
		args = append([]string{"run", "-tags", "remove_all_sd", "github.com/prometheus/prometheus/cmd/promtool"}, args...)
		out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
		return string(out), err
	}
	if out, err := promtool("check", "rules", alertsFile); err != nil {
		t.Errorf("promtool check rules: %s", out)
	}
	if out, err := promtool("test", "rules", root+"prometheus/alerts_test.yaml"); err != nil {
		t.Errorf("promtool test rules: %s", out)
	}
}
