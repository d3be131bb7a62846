package holdfast_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "holdfast"

// mayImport says which of our packages each package may import. A missing line
// is a failure: whoever adds a room says where its doors are. "" is the
// vocabulary; "x/*" is everything below x.
var mayImport = map[string][]string{
	"":                  {},
	"internal/diag":     {},
	"internal/clock":    {},
	"internal/heap":     {},
	"internal/calendar": {},
	"internal/source":   {"internal/diag"},
	"internal/config":   {},
	"internal/paired":   {"internal/clock"},
	"internal/child":    {},
	"internal/lift":     {},
	"internal/links":    {},
	"examples":          {},

	// The language: no database, no engine, no clock.
	"rules":             {"", "internal/diag", "internal/source", "internal/calendar"},
	"rules/library":     {},
	"triggers":          {"", "internal/diag", "internal/source", "internal/calendar", "rules"},
	"steps":             {"", "internal/diag", "internal/source", "internal/calendar", "rules"},
	"guards":            {"", "internal/calendar", "internal/store"},
	"playbooks":         {"", "internal/diag", "internal/source", "internal/calendar", "rules", "triggers", "steps", "guards"},
	"playbooks/library": {},
	"internal/mail":     {"", "internal/source", "internal/diag"},
	"internal/sources":  {"", "internal/diag", "internal/source", "rules"},
	"internal/project":  {"", "internal/diag", "internal/source", "internal/sources", "internal/calendar", "internal/mail", "rules", "rules/library", "triggers", "steps", "playbooks", "playbooks/library"},

	// What is remembered.
	"internal/store":                 {""},
	"internal/store/*":               {"", "internal/store", "internal/store/*"},
	"internal/store/sqlite":          {"", "internal/store", "internal/store/*"},
	"internal/store/postgres":        {"", "internal/store", "internal/store/*", "internal/clock"},
	"internal/store/postgres/pgtest": {"internal/child"},
	"internal/store/storetest":       {"", "internal/store"},
	"internal/facts":                 {"", "internal/store", "rules"},
	"internal/erased":                {"", "internal/store"},
	"internal/privacy":               {"", "internal/calendar", "internal/clock", "internal/erased", "internal/intake", "internal/project", "internal/store", "rules"},
	"internal/transfer":              {"", "activities", "internal/store"},

	// How a person is reached.
	"channels":               {""},
	"channels/*":             {"", "channels", "internal/store"},
	"channels/channeltest":   {"", "channels", "channels/*"},
	"channels/standin":       {"", "internal/clock"},
	"channels/standin/judge": {},
	"channels/slack":         {"", "channels", "internal/clock"},

	// The engine.
	"workflows":                      {"", "steps"},
	"activities":                     {"", "workflows", "steps", "playbooks", "guards", "rules", "channels", "internal/store", "internal/facts", "internal/calendar", "internal/clock", "internal/erased", "internal/intake", "internal/mail", "internal/project"},
	"internal/intake":                {"", "internal/diag", "internal/erased", "steps", "playbooks", "triggers", "guards", "rules", "internal/store", "internal/facts", "internal/calendar", "internal/clock"},
	"internal/relay":                 {"", "workflows", "steps", "internal/store", "internal/clock"},
	"internal/conductor":             {"", "internal/store", "internal/clock"},
	"internal/leader":                {"internal/store", "internal/clock"},
	"internal/cast":                  {"", "internal/store", "internal/source", "internal/diag", "internal/calendar"},
	"internal/temporal":              {"", "internal/clock"},
	"internal/temporal/temporaltest": {"internal/child", "internal/clock"},
	"internal/sim":                   {"*"},
	"internal/explain":               {"", "activities", "channels", "channels/outbox", "guards", "internal/calendar", "internal/clock", "internal/facts", "internal/intake", "internal/project", "internal/sim", "internal/source", "internal/store", "internal/store/memory", "playbooks", "rules", "steps", "triggers", "workflows"},
	"internal/backtest":              {"", "activities", "internal/calendar", "internal/diag", "internal/intake", "internal/project", "internal/sim", "internal/store", "playbooks", "rules", "triggers"},
	"internal/playtest":              {"", "internal/diag", "internal/source", "internal/calendar", "rules", "steps", "playbooks", "internal/store", "internal/project", "activities", "internal/sim"},
	"internal/preview":               {"", "activities", "channels", "channels/outbox", "internal/clock", "internal/intake", "internal/mail", "internal/project", "internal/sim", "internal/source", "internal/store", "internal/store/memory", "playbooks", "rules", "steps"},
	"internal/suppressions":          {"", "channels/email", "internal/clock", "internal/erased", "internal/intake", "internal/store"},

	// How a change is shipped.
	"internal/plan":    {"", "internal/source", "internal/calendar", "internal/store", "internal/facts", "internal/project", "playbooks", "rules", "steps"},
	"internal/release": {"", "internal/diag", "internal/store", "internal/facts", "internal/plan", "internal/project", "activities", "rules", "steps"},

	// The only wiring, and its faces.
	"internal/app":                {"*"},
	"internal/graph":              {"playbooks", "steps"},
	"internal/timeline":           {"internal/store"},
	"internal/ledger":             {"", "internal/store", "steps"},
	"internal/reference":          {"internal/telemetry", "internal/diag", "internal/mail", "internal/project", "internal/schema", "internal/source", "rules", "triggers", "steps", "guards", "playbooks"},
	"internal/lsp":                {"internal/diag", "internal/source", "internal/calendar", "internal/clock", "internal/mail", "internal/project", "internal/schema", "rules", "rules/library", "playbooks", "playbooks/library", "steps"},
	"internal/schema":             {"internal/source", "internal/project", "rules", "triggers", "steps", "playbooks"},
	"internal/server/web":         {"", "internal/store", "internal/clock"},
	"internal/server/codec":       {"", "internal/tokens"},
	"internal/server/hooks":       {"", "channels/email", "channels/slack", "internal/clock", "internal/tokens"},
	"internal/cli":                {"*"},
	"internal/telemetry":          {"", "internal/clock", "internal/store"},
	"internal/server/limits":      {},
	"internal/doctor":             {"", "channels/email", "channels/slack", "internal/app", "internal/clock", "internal/config", "internal/diag", "internal/project", "internal/release", "internal/store", "internal/temporal"},
	"internal/crash":              {"*"},
	"cmd/holdfast":                {"internal/cli"},
	"bench":                       {"*"},
	"bench/*":                     {"*"},
	"internal/server/preferences": {"", "internal/store", "internal/clock", "internal/links"},
	"internal/tokens":             {"", "internal/store"},
	"internal/server/ingest":      {"", "internal/clock", "internal/intake", "internal/project", "internal/sources", "internal/store", "internal/tokens"},
	"internal/desk":               {"", "activities", "channels/slack", "internal/calendar", "internal/clock", "internal/store"},
}

// onlyIn names the packages allowed to import each outside library.
var onlyIn = map[string][]string{
	"github.com/google/cel-go":        {"rules"},
	"gopkg.in/yaml.v3":                {"internal/source"},
	"github.com/slack-go/slack":       {"channels/slack"},
	"github.com/sendgrid":             {"channels/email"},
	"github.com/wneessen/go-mail":     {"channels/email"},
	"github.com/emersion":             {},
	"github.com/jhillyerd/enmime":     {},
	"github.com/standard-webhooks":    {},
	"github.com/cloudevents":          {},
	"github.com/gorilla/websocket":    {"channels/standin"},
	"github.com/osteele/liquid":       {"internal/mail"},
	"github.com/yuin/goldmark":        {"internal/mail"},
	"github.com/aymerick/douceur":     {"internal/mail"},
	"github.com/rickar/cal":           {"internal/calendar"},
	"github.com/arran4/golang-ical":   {"internal/calendar"},
	"github.com/teambition/rrule-go":  {"internal/calendar"},
	"golang.org/x/net":                {"internal/mail"},
	"github.com/spf13/cobra":          {"internal/cli"},
	"golang.org/x/term":               {"internal/cli"},
	"golang.org/x/text":               {"channels/email"},
	"github.com/gofrs/flock":          {"internal/temporal"},
	"go.temporal.io/server":           {"internal/temporal"},
	"github.com/prometheus":           {"internal/telemetry"},
	"go.opentelemetry.io/otel":        {"internal/telemetry"},
	"go.temporal.io/sdk/workflow":     {"workflows", "bench", "internal/temporal"},
	"go.temporal.io/sdk/worker":       {"internal/temporal", "internal/sim"},
	"go.temporal.io/sdk/converter":    {"internal/temporal", "workflows"},
	"go.temporal.io/api/proxy":        {"internal/temporal"},
	"google.golang.org/grpc":          {"internal/temporal"},
	"go.temporal.io/sdk/testsuite":    {"internal/sim"},
	"modernc.org/sqlite":              {"internal/store/sqlite", "internal/temporal"},
	"github.com/jackc/pgx":            {"internal/store/postgres", "internal/store/postgres/*", "bench/scale"},
	"database/sql":                    {"internal/store/*", "internal/temporal"},
	"github.com/pb33f":                {"channels/standin/judge"},
	"github.com/chromedp":             {},
	"github.com/stretchr/testify":     {},
	"github.com/rogpeppe/go-internal": {},
	"github.com/santhosh-tekuri":      {},
}

type pkg struct {
	ImportPath, Dir, Doc string
	GoFiles, Imports     []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,GoFiles,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var ps []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
	return ps
}

func TestDoorsBetweenRooms(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		room := short(p.ImportPath)
		doors, ok := lookup(room)
		if !ok {
			t.Errorf("%s: not in mayImport; say what it may import", room)
		}
		for _, im := range p.Imports {
			if im == module || strings.HasPrefix(im, module+"/") {
				if !allowed(short(im), doors) {
					t.Errorf("%s imports %s; it may import %q", room, short(im), doors)
				}
				continue
			}
			for lib, rooms := range onlyIn {
				if (im == lib || strings.HasPrefix(im, lib+"/")) && !allowed(room, rooms) {
					t.Errorf("%s imports %s; only %q may", room, im, rooms)
				}
			}
		}
		if p.Doc == "" {
			t.Errorf("%s: no package comment", room)
		}
	}
}

func TestFilesFitInOneHead(t *testing.T) {
	t.Parallel()
	walkGo(t, func(path, text string) {
		if n := strings.Count(text, "\n"); n > 400 && !strings.Contains(text[:min(len(text), 200)], "DO NOT EDIT") {
			t.Errorf("%s has %d lines; 400 is the most", path, n)
		}
	})
}

// Only internal/clock reads the machine's time, so that one virtual clock can
// stand in for it everywhere. Deadlines on I/O use contexts.
func TestOnlyTheClockReadsTheTime(t *testing.T) {
	t.Parallel()
	mayRead := []string{"internal/clock/", "internal/temporal/", "bench/", "internal/crash/"}
	walkGo(t, func(path, text string) {
		if strings.HasSuffix(path, "_test.go") || slices.ContainsFunc(mayRead, func(p string) bool { return strings.HasPrefix(path, p) }) {
			return
		}
		for _, word := range []string{"time.Now(", "time.Since(", "time.Until(", "time.Sleep(", "time.After(", "time.Tick(", "time.NewTimer(", "time.NewTicker(", "time.AfterFunc("} {
			if strings.Contains(text, word) {
				t.Errorf("%s uses %s; take a clock.Clock", path, strings.TrimSuffix(word, "("))
			}
		}
	})
}

func walkGo(t *testing.T, visit func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil {
			visit(filepath.ToSlash(path), string(b))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func short(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}

func lookup(room string) ([]string, bool) {
	if d, ok := mayImport[room]; ok {
		return d, true
	}
	d, ok := mayImport[filepath.Dir(room)+"/*"]
	return d, ok
}

func allowed(room string, rooms []string) bool {
	return slices.ContainsFunc(rooms, func(r string) bool {
		return r == "*" || r == room || (strings.HasSuffix(r, "/*") && strings.HasPrefix(room, strings.TrimSuffix(r, "*")))
	})
}
