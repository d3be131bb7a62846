package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The map in architecture.md has every room: each folder with code at the top
// and below internal/.
func TestEveryRoomIsOnTheMap(t *testing.T) {
	t.Parallel()
	_, drawn, _ := strings.Cut(slurp(t, "architecture.md"), "```\n")
	drawn, _, _ = strings.Cut(drawn, "```\n")
	for _, below := range []string{"..", "../internal"} {
		rooms, err := os.ReadDir(below)
		if err != nil {
			t.Fatal(err)
		}
		for _, room := range rooms {
			code, _ := filepath.Glob(filepath.Join(below, room.Name(), "*.go"))
			if len(code) > 0 && room.Name() != "docs" && !regexp.MustCompile(`(?m)(^|[ /])`+room.Name()+`/`).MatchString(drawn) {
				t.Errorf("the map does not show %s", room.Name())
			}
		}
	}
}

func TestEveryDependencyHasALine(t *testing.T) {
	t.Parallel()
	page := slurp(t, "dependencies.md")
	for _, m := range regexp.MustCompile(`(?m)^(?:require )?\t?([\w.-]+\.[\w]+/\S+) v\S+$`).FindAllStringSubmatch(slurp(t, "../go.mod"), -1) {
		if !strings.Contains(page, m[1]) {
			t.Errorf("dependencies.md does not say what %s is for", m[1])
		}
	}
}
