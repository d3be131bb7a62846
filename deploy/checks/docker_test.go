package checks

import (
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/opencontainers/go-digest"
)

const dockerfile = root + "docker/Dockerfile"

// nowhere stands in for the registry: every image is an empty Linux one.
type nowhere struct{}

func (nowhere) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	return ref, "", []byte(`{"architecture":"amd64","os":"linux","config":{}}`), nil
}

func options(text string) dockerfile2llb.ConvertOpt {
	source := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", []byte(text))
	source.Definition = &llb.Definition{}
	return dockerfile2llb.ConvertOpt{
		Config:       dockerui.Config{BuildArgs: map[string]string{"VERSION": "v1.2.3", "REVISION": "abc"}},
		MetaResolver: nowhere{},
		SourceMap:    source,
	}
}

// complaints are what docker build --check says of a Dockerfile.
func complaints(t *testing.T, text string) []string {
	t.Helper()
	found, err := dockerfile2llb.DockerfileLint(t.Context(), []byte(text), options(text))
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	if found.Error != nil {
		said = append(said, found.Error.Message)
	}
	for _, w := range found.Warnings {
		said = append(said, w.RuleName+": "+w.Detail)
	}
	return said
}

func TestTheDockerfilePassesBuildKitsLint(t *testing.T) {
	t.Parallel()
	for _, c := range complaints(t, slurp(t, dockerfile)) {
		t.Error(c)
	}
}

func TestBuildKitsLintFindsMistakes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"from scratch AS a\nFROM a\n",
		"FROM scratch\nCMD holdfast server\n",
		"FROM scratch\nARG HOLDFAST_SENDGRID_KEY\n",
		"FROM scratch\nCOPY --from=nobody /a /a\nWORKDIR here\n",
		"FROM scratch\nCOPPY a b\n",
	} {
		if len(complaints(t, text)) == 0 {
			t.Errorf("no complaint about\n%s", text)
		}
	}
}

// image is what BuildKit would write into the image's description.
func image(t *testing.T) *dockerspec.DockerOCIImage {
	t.Helper()
	text := slurp(t, dockerfile)
	result, err := dockerfile2llb.Dockerfile2LLB(t.Context(), []byte(text), options(text))
	if err != nil {
		t.Fatal(err)
	}
	return result.Image
}

// TestTheImageIsAsPodsExpectIt: what the chart and the compose files assume of it.
func TestTheImageIsAsPodsExpectIt(t *testing.T) {
	t.Parallel()
	c := image(t).Config
	if c.User != "65532:65532" {
		t.Errorf("runs as %q, want a number that is not root's", c.User)
	}
	if program := "/usr/local/bin/holdfast"; !slices.Equal(c.Entrypoint, []string{program}) || c.Healthcheck == nil || !slices.Equal(c.Healthcheck.Test, []string{"CMD", program, "ready"}) {
		t.Errorf("entry point %q, health check %+v: there is no shell to run anything else", c.Entrypoint, c.Healthcheck)
	}
	if c.StopSignal != "SIGTERM" || c.Labels["org.opencontainers.image.version"] != "v1.2.3" {
		t.Errorf("stop signal %q, labels %v", c.StopSignal, c.Labels)
	}
	for _, port := range []string{"8080/tcp", "7789/tcp"} {
		if _, ok := c.ExposedPorts[port]; !ok {
			t.Errorf("%s is not exposed", port)
		}
	}
	if _, ok := c.Volumes["/var/lib/holdfast"]; !ok {
		t.Error("the data directory is no volume")
	}
}

func TestTheImageIsBuiltWithTheGoOfTheModule(t *testing.T) {
	t.Parallel()
	want := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(slurp(t, repository+"go.mod"))
	got := regexp.MustCompile(`(?m)^ARG GO_VERSION=(\S+)$`).FindStringSubmatch(slurp(t, dockerfile))
	if want == nil || got == nil || want[1] != got[1] {
		t.Errorf("the Dockerfile builds with Go %q, go.mod wants %q", got, want)
	}
}

// TestTheBuilderGetsAllThatItNeeds: .dockerignore leaves out no file that the
// program is made of, its embedded ones included.
func TestTheBuilderGetsAllThatItNeeds(t *testing.T) {
	t.Parallel()
	patterns, err := ignorefile.ReadAll(strings.NewReader(slurp(t, repository+".dockerignore")))
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	left := func(file string) bool {
		out, err := ignored.MatchesOrParentMatches(file)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=Dir,Module,GoFiles,EmbedFiles", "./cmd/holdfast")
	list.Dir = repository
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	top, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p struct {
			Dir                 string
			Module              *struct{ Main bool }
			GoFiles, EmbedFiles []string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if p.Module == nil || !p.Module.Main {
			continue
		}
		for _, name := range append(p.GoFiles, p.EmbedFiles...) {
			file, err := filepath.Rel(top, filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if files++; left(file) {
				t.Errorf("%s is needed and left out", file)
			}
		}
	}
	if files < 300 {
		t.Errorf("only %d files were looked at", files)
	}
	for _, file := range []string{".git/config", "examples/x/.holdfast/holdfast.db", "deploy/compose/.env", "internal/cli/import_test.go"} {
		if !left(file) {
			t.Errorf("%s goes to the builder", file)
		}
	}
}
