package checks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// commandLines are all ways in which deploy/ starts the product: where, and the
// words after its name.
func commandLines(t *testing.T) map[string][]string {
	t.Helper()
	lines := map[string][]string{}
	dir := written(t)
	for _, file := range []string{"compose.yaml", "single.yaml"} {
		p, err := load(t.Context(), dir, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Services {
			if strings.HasPrefix(s.Image, "holdfast:") {
				lines[file+" "+s.Name] = s.Command
				if s.HealthCheck != nil && !s.HealthCheck.Disable {
					lines[file+" "+s.Name+"'s health check"] = s.HealthCheck.Test[2:]
				}
			}
		}
	}
	for _, name := range []string{"cluster-values.yaml", "single-values.yaml", "everything-values.yaml", "bare-values.yaml"} {
		for _, p := range podsOf(manifests(t, name)) {
			lines["the chart's "+p.name+" with "+name] = p.spec.Containers[0].Args
		}
	}
	for name, options := range units(t, ".service") {
		lines[name] = strings.Fields(option(options, "ExecStart"))[1:]
	}
	c := image(t).Config
	lines["the image"] = c.Cmd
	lines["the image's health check"] = c.Healthcheck.Test[2:]
	return lines
}

// TestEveryCommandExists holds each command line to the reference of commands,
// which is written from the program.
func TestEveryCommandExists(t *testing.T) {
	t.Parallel()
	lines := commandLines(t)
	for where, words := range lines {
		page, err := os.ReadFile(filepath.Join(repository, "docs/reference/commands", words[0]+".md"))
		if err != nil {
			t.Errorf("%s: there is no holdfast %s", where, words[0])
			continue
		}
		for _, word := range words[1:] {
			flag, _, _ := strings.Cut(word, "=")
			if strings.HasPrefix(flag, "--") && !strings.Contains(string(page), "| `"+flag+"`") && !strings.Contains(string(page), "| `"+flag+" ") {
				t.Errorf("%s: holdfast %s has no %s", where, words[0], flag)
			}
		}
	}
	if len(lines) < 20 {
		t.Errorf("only %d command lines were looked at", len(lines))
	}
}
