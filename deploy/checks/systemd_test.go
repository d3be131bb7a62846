package checks

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/unit"
)

// units are the files of deploy/systemd, parsed.
func units(t *testing.T, suffix string) map[string][]*unit.UnitOption {
	t.Helper()
	files, err := filepath.Glob(root + "systemd/*" + suffix)
	if err != nil || len(files) == 0 {
		t.Fatalf("no units: %v", err)
	}
	parsed := map[string][]*unit.UnitOption{}
	for _, name := range files {
		options, err := unit.DeserializeOptions(strings.NewReader(slurp(t, name)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		parsed[filepath.Base(name)] = options
	}
	return parsed
}

func option(options []*unit.UnitOption, name string) string {
	for _, o := range options {
		if o.Name == name {
			return o.Value
		}
	}
	return ""
}

func TestUnitsAreLockedDownAndDrain(t *testing.T) {
	t.Parallel()
	for name, options := range units(t, ".service") {
		for key, want := range map[string]string{
			"DynamicUser": "yes", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "UMask": "0077",
			"CapabilityBoundingSet": "", "KillSignal": "SIGTERM", "TimeoutStopSec": "60", "Restart": "on-failure", "StateDirectoryMode": "0700",
			"EnvironmentFile": "-/etc/holdfast/environment", "WantedBy": "multi-user.target",
		} {
			if got := option(options, key); got != want {
				t.Errorf("%s: %s=%s, want %s", name, key, got, want)
			}
		}
		if dir := option(options, "StateDirectory"); dir == "" || "%S/"+dir != option(options, "WorkingDirectory") {
			t.Errorf("%s: works in %s, may write %s", name, option(options, "WorkingDirectory"), dir)
		}
	}
}

// TestSystemdAgrees asks systemd itself, where it is installed.
func TestSystemdAgrees(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	for name := range units(t, ".service") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := installed(t, name, slurp(t, root+"systemd/"+name))
			if out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", file).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("systemd-analyze verify: %v\n%s", err, out)
			}
			// In tenths: below 2.0 of 10 is what systemd itself calls OK.
			if out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--threshold=20", file).CombinedOutput(); err != nil {
				t.Errorf("systemd-analyze security: %v\n%s", err, out)
			}
		})
	}
	file := installed(t, "wrong.service", "[Service]\nExecStart=/usr/local/bin/holdfast server\nProtectSytem=strict\n")
	if out, _ := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", file).CombinedOutput(); !strings.Contains(string(out), "ProtectSytem") {
		t.Errorf("systemd-analyze verify finds nothing in a unit that is wrong: %s", out)
	}
}

// installed is a unit with its drop-in, on a machine that has the program.
func installed(t *testing.T, name, text string) string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "holdfast")
	name = strings.Replace(name, "@", "@1", 1)
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		filepath.Join(dir, name):                           strings.ReplaceAll(text, "/usr/local/bin/holdfast", program),
		filepath.Join(dir, name+".d", "temporal-tls.conf"): slurp(t, root+"systemd/temporal-tls.conf"),
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, name)
}
