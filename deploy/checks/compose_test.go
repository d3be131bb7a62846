package checks

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"mvdan.cc/sh/v3/syntax"
)

// load reads a compose file as docker compose config does, with the variables of
// example.env as it stands and those of env over it.
func load(ctx context.Context, dir, file string, env ...string) (*types.Project, error) {
	o, err := cli.NewProjectOptions([]string{filepath.Join(dir, file)},
		cli.WithWorkingDirectory(dir), cli.WithEnv(env), cli.WithEnvFiles(filepath.Join(dir, ".env")), cli.WithDotEnv)
	if err != nil {
		return nil, err
	}
	return o.LoadProject(ctx)
}

// written is deploy/compose as somebody has it who copied example.env to .env and
// wrote a password into it.
func written(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(root+"compose")); err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("\nPOSTGRES_PASSWORD=\n", "\nPOSTGRES_PASSWORD=f00d\n", "_TOKEN=\n", "_TOKEN=cafe\n").Replace(slurp(t, root+"compose/example.env"))
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestComposeFilesLoad(t *testing.T) {
	t.Parallel()
	dir := written(t)
	for file, services := range map[string]int{"compose.yaml": 8, "single.yaml": 1} {
		p, err := load(t.Context(), dir, file)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(p.Services) != services {
			t.Errorf("%s: %d services, want %d", file, len(p.Services), services)
		}
		for _, s := range p.Services {
			once := strings.HasPrefix(s.Restart, "on-failure")
			checked := s.HealthCheck != nil && !s.HealthCheck.Disable && len(s.HealthCheck.Test) > 1
			switch _, tag, _ := strings.Cut(s.Image, ":"); {
			case tag == "" || tag == "latest":
				t.Errorf("%s: %s runs %s, whatever that is today", file, s.Name, s.Image)
			case once == checked:
				t.Errorf("%s: %s ends by itself: %v; has a health check: %v", file, s.Name, once, checked)
			case s.Deploy == nil || s.Deploy.Resources.Limits == nil || s.Deploy.Resources.Limits.MemoryBytes == 0:
				t.Errorf("%s: %s has no limit of memory", file, s.Name)
			case s.Privileged || s.NetworkMode == "host" || s.Pid != "":
				t.Errorf("%s: %s is not kept apart from its host", file, s.Name)
			}
			if strings.HasPrefix(s.Image, "holdfast:") && (!s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || *s.StopGracePeriod < types.Duration(60e9)) {
				t.Errorf("%s: %s may do more than it needs, or is not let finish", file, s.Name)
			}
			for _, port := range s.Ports {
				if port.HostIP != "127.0.0.1" {
					t.Errorf("%s: %s is open to everybody at %s:%s, without TLS", file, s.Name, port.HostIP, port.Published)
				}
			}
			for _, v := range s.Volumes {
				if v.Type == types.VolumeTypeBind && !strings.HasSuffix(v.Source, "/project") {
					if _, err := os.Stat(v.Source); err != nil {
						t.Errorf("%s: %s mounts what is not there: %v", file, s.Name, err)
					}
				}
			}
		}
	}
}

func TestComposeRefusesToGuessAPassword(t *testing.T) {
	t.Parallel()
	dir := written(t)
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(slurp(t, root+"compose/example.env")), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t.Context(), dir, "compose.yaml"); err == nil || !strings.Contains(err.Error(), "write it into .env") {
		t.Errorf("no password: %v", err)
	}
	if _, err := load(t.Context(), dir, "single.yaml"); err != nil {
		t.Errorf("the single container needs no password: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, ".env")); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t.Context(), dir, "single.yaml"); err == nil || !strings.Contains(err.Error(), ".env") {
		t.Errorf("no .env: %v", err)
	}
}

// TestTemporalIsOfTheVersionInside: the image's version is that of the server
// which the product carries, and it reads each variable that it is given.
func TestTemporalIsOfTheVersionInside(t *testing.T) {
	t.Parallel()
	list := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", "go.temporal.io/server")
	list.Dir = repository
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	version, source, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	read := func(names ...string) (text string) {
		for _, name := range names {
			text += slurp(t, filepath.Join(source, name))
		}
		return text
	}
	p, err := load(t.Context(), written(t), "compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	reads := map[string]string{
		"temporal":        read("common/config/config_template_embedded.yaml", "docker/scripts/sh/entrypoint.sh"),
		"temporal-schema": read("tools/sql/main.go"),
	}
	for _, s := range p.Services {
		if name, tag, _ := strings.Cut(s.Image, ":"); strings.HasPrefix(name, "temporalio/") && "v"+tag != version {
			t.Errorf("%s runs %s; the product carries %s", s.Name, s.Image, version)
		}
		for name := range s.Environment {
			if text, ok := reads[s.Name]; ok && !strings.Contains(text, `"`+name+`"`) {
				t.Errorf("%s: nothing reads %s", s.Name, name)
			}
		}
	}
}

// TestEveryVariableIsRead: what compose, the chart and the units set is what the
// product's configuration reads.
func TestEveryVariableIsRead(t *testing.T) {
	t.Parallel()
	config := slurp(t, repository+"internal/config/config.go")
	ofCompose := []string{"HOLDFAST_VERSION", "HOLDFAST_PROJECT"} // names of its own
	seen := 0
	for _, file := range deployed(t) {
		for _, name := range regexp.MustCompile(`HOLDFAST_[A-Z_]+`).FindAllString(slurp(t, file), -1) {
			seen++
			if !strings.Contains(config, `"`+name+`"`) && !slices.Contains(ofCompose, name) {
				t.Errorf("%s: nothing reads %s", file, name)
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d variables were looked at", seen)
	}
}

// deployed are the files of deploy/ without this module.
func deployed(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "checks":
			return filepath.SkipDir
		case !d.IsDir() && d.Name() != ".env":
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestScriptsArePOSIX: the images that run them have no bash.
func TestScriptsArePOSIX(t *testing.T) {
	t.Parallel()
	scripts := 0
	for _, file := range deployed(t) {
		if filepath.Ext(file) != ".sh" {
			continue
		}
		scripts++
		text := slurp(t, file)
		if _, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(text), file); err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(text, "#!/bin/sh\n") || !strings.Contains(text, "\nset -eu\n") {
			t.Errorf("%s: not a script of sh that ends at the first error", file)
		}
		if _, err := exec.LookPath("shellcheck"); err == nil {
			if out, err := exec.CommandContext(t.Context(), "shellcheck", file).CombinedOutput(); err != nil {
				t.Errorf("shellcheck: %s", out)
			}
		}
	}
	if scripts != 2 {
		t.Errorf("%d scripts, want 2", scripts)
	}
}
