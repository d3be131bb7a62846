package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"holdfast/internal/cli"
	"holdfast/internal/source"
)

const casesDir = "../../playbooks/testdata/checks"

// The command of the reference: each bad case found at the exact place, and the
// good ones silent.
func TestLintFindsEachBadCaseAtItsPlace(t *testing.T) {
	t.Parallel()
	code, out, _ := holdfast(t, "lint", "--notes", "--format", "json", casesDir)
	if code != cli.ExitFindings {
		t.Errorf("exit %d", code)
	}
	var found []struct {
		File, Check  string
		Line, Column int
	}
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, d := range found {
		rel, err := filepath.Rel(casesDir, d.File)
		if err != nil {
			t.Fatal(err)
		}
		check, file, _ := strings.Cut(filepath.ToSlash(rel), "/")
		if d.Check == check {
			got[fmt.Sprintf("%s %s %d:%d", check, file, d.Line, d.Column)] = true
		}
		if strings.Contains("/"+file, "/good") && d.Check != "unused-rule" {
			t.Errorf("a good case is no good: %s:%d: %s", rel, d.Line, d.Check)
		}
	}
	want := places(t)
	for _, w := range want {
		if !got[w] {
			t.Errorf("not found: %s", w)
		}
	}
	if len(want) < 80 {
		t.Errorf("only %d places are wanted", len(want))
	}
}

var wanted = regexp.MustCompile(`(?m)(?:#|\{% comment %\}) want (?:(\S+) )?(\d+:\d+)(?:$| \{%)`)

// places of the cases' own checks: "dead-exit bad.yaml 8:31".
func places(t *testing.T) (out []string) {
	t.Helper()
	err := filepath.WalkDir(casesDir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(casesDir, name)
		check, file, _ := strings.Cut(filepath.ToSlash(rel), "/")
		for _, m := range wanted.FindAllStringSubmatch(string(text), -1) {
			if m[1] != "" {
				file = m[1]
			}
			out = append(out, check+" "+file+" "+m[2])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func holdfast(t *testing.T, args ...string) (code int, out, trouble string) {
	t.Helper()
	var o, e bytes.Buffer
	code = cli.Main(args, cli.Streams{In: strings.NewReader(""), Out: &o, Err: &e})
	return code, o.String(), e.String()
}

func read(t *testing.T, name string) *source.Node {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	docs, found := source.Parse(name, text)
	if len(found) > 0 || len(docs) != 1 {
		t.Fatal(found)
	}
	return docs[0]
}

func TestPreCommitHooksCallWhatThereIs(t *testing.T) {
	t.Parallel()
	hooks := read(t, "../../.pre-commit-hooks.yaml").Items()
	if len(hooks) == 0 {
		t.Fatal("no hook")
	}
	for _, h := range hooks {
		for _, key := range []string{"id", "name", "description", "entry", "language", "files"} {
			if h.Get(key).Text() == "" {
				t.Errorf("a hook has no %s", key)
			}
		}
		files := regexp.MustCompile(h.Get("files").Text())
		for name, want := range map[string]bool{"playbooks/a.yaml": true, "rules/b.yml": true, "templates/c.md": true, "main.go": false} {
			if files.MatchString(name) != want {
				t.Errorf("%s: a change of %s", h.Get("id").Text(), name)
			}
		}
		args := strings.Fields(h.Get("entry").Text())
		if args[0] != "holdfast" || !slices.Contains([]string{"golang", "system"}, h.Get("language").Text()) || h.Get("pass_filenames").Text() != "false" {
			t.Errorf("hook %s calls %q", h.Get("id").Text(), args)
		}
		for path, want := range map[string]int{casesDir + "/no-stop-on-reply": cli.ExitOK, casesDir + "/unknown-key": cli.ExitFindings} {
			if code, _, trouble := holdfast(t, append(args[1:], path)...); code != want {
				t.Errorf("%s of %s ends with %d: %s", h.Get("entry").Text(), path, code, trouble)
			}
		}
	}
}

// The action's own script runs, with a holdfast that writes down how it is called.
func TestTheActionCallsWhatThereIs(t *testing.T) {
	t.Parallel()
	action := read(t, "../../action.yml")
	if action.Get("runs").Get("using").Text() != "composite" || action.Get("name").Text() == "" || action.Get("description").Text() == "" {
		t.Error("this is no composite action")
	}
	steps := action.Get("runs").Get("steps").Items()
	lint := steps[len(steps)-1]
	for _, p := range lint.Get("env").Pairs() {
		m := regexp.MustCompile(`^\$\{\{ inputs\.(\w+) \}\}$`).FindStringSubmatch(p.Value.Text())
		if m == nil || action.Get("inputs").Get(m[1]).Get("description").Text() == "" {
			t.Errorf("%s is no input: %s", p.Key.Text(), p.Value.Text())
		}
	}
	if strings.Contains(lint.Get("run").Text(), "${{") {
		t.Error("an input stands in the script itself: it could be a command")
	}
	if build := steps[len(steps)-2].Get("run").Text(); !strings.HasPrefix(build, "go build -tags noembed ") || !strings.HasSuffix(build, " ./cmd/holdfast") {
		t.Errorf("builds with %q", build)
	}
	dir := t.TempDir()
	spy := "#!/bin/sh\nprintf '%s\\n' \"$@\" '' >> \"$RUNNER_TEMP/calls\"\n"
	if err := os.WriteFile(filepath.Join(dir, "holdfast"), []byte(spy), 0o700); err != nil {
		t.Fatal(err)
	}
	evil := casesDir + "/no-stop-on-reply\n\n$(touch " + dir + "/pwned)"
	cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", lint.Get("run").Text())
	cmd.Env = append(os.Environ(), "RUNNER_TEMP="+dir, "LINT_PATH="+evil, "LINT_STRICT=true", "LINT_NOTES=false", "LINT_SKIP=dead-exit", "LINT_SARIF="+dir+"/out.sarif")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
		t.Error("a path was run as a command")
	}
	calls, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	_, second, ok := strings.Cut(strings.TrimSpace(string(calls)), "\n\n")
	args := strings.Split(second, "\n")
	if !ok || len(args) < 8 || args[0] != "lint" {
		t.Fatalf("called as %q", calls)
	}
	if code, _, trouble := holdfast(t, args[:len(args)-1]...); code != cli.ExitFindings || strings.Contains(trouble, "unknown flag") {
		t.Errorf("%q ends with %d: %s", args, code, trouble)
	}
}
