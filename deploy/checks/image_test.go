package checks

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

var (
	theImage  = flag.Bool("image", false, "build the image's program with the Dockerfile's own command, and run it on an empty file system: minutes")
	imageTags = flag.String("image-tags", "noembed", "the Dockerfile's TAGS; with an empty one the Temporal server inside is compiled")
)

// TestTheImagesProgramNeedsNothing builds the program with the command that stands
// in the Dockerfile and runs it as nobody where there is no other file: no libc, no
// shell, no zones, no /proc, no user of that name.
func TestTheImagesProgramNeedsNothing(t *testing.T) {
	t.Parallel()
	build := regexp.MustCompile(`(?s)CGO_ENABLED=0.*?\./cmd/holdfast`).FindString(slurp(t, dockerfile))
	if !strings.Contains(build, "-o /out/usr/local/bin/holdfast") {
		t.Fatalf("the Dockerfile does not build what it copies: %s", build)
	}
	if !*theImage {
		t.Skip("make deploy-image builds and runs it")
	}
	out := filepath.Join(t.TempDir(), "out")
	builder := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(strings.ReplaceAll(build, "\\\n", " "), "/out/", out+"/"))
	builder.Dir = repository
	builder.Env = append(os.Environ(), "VERSION=v1.2.3", "TAGS="+*imageTags, "TARGETOS=linux", "TARGETARCH=")
	if said, err := builder.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for _, d := range []string{"tmp", "var/lib/holdfast"} {
		d = filepath.Join(out, d)
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), "/usr/local/bin/holdfast", args...)
		c.Dir, c.Env = "/var/lib/holdfast", []string{}
		c.SysProcAttr = &syscall.SysProcAttr{Chroot: out, Credential: &syscall.Credential{Uid: 65532, Gid: 65532, NoSetGroups: true}}
		if os.Getuid() != 0 { // a root of its own, in which nobody else is anybody
			c.SysProcAttr = &syscall.SysProcAttr{Chroot: out, Cloneflags: syscall.CLONE_NEWUSER}
		}
		var said bytes.Buffer
		c.Stdout, c.Stderr = &said, &said
		if err := c.Run(); err != nil {
			t.Fatalf("holdfast %s: %v\n%s", strings.Join(args, " "), err, said.String())
		}
		return said.String()
	}
	if said := run("version"); !strings.HasPrefix(said, "holdfast v1.2.3 go") {
		t.Errorf("version says %q", said)
	}
	run("init", "project")
	run("lint", "project")
	if said := run("simulate", "project/playbooks/check-in.yaml", "--account", "project/accounts.csv#acme", "--at", "2026-05-04"); !strings.Contains(said, "America/Chicago") {
		t.Errorf("simulate knows no zones: %q", said)
	}
	if said := run("apply", "project", "--dir", "data", "--dry-run"); said == "" {
		t.Error("apply says nothing")
	}
}
