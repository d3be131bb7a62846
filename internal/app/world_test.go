package app_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/cast"
	"holdfast/internal/config"
	"holdfast/internal/diag"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/store"
)

// world is a project, its data and a data directory, which outlives each run.
type world struct {
	t       *testing.T
	project *project.Project
	msgs    []holdfast.Message
	cast    *cast.Cast
	dir     string
	env     config.Environment
	log     *buffer
}

// monday is where every run begins.
var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// newWorld writes files, a txtar archive, and reads them: a project, and its
// accounts.csv, contacts.csv and events.jsonl, which tests may change first.
func newWorld(t *testing.T, files string) *world {
	t.Helper()
	root := t.TempDir()
	for _, f := range txtar.Parse([]byte(files)).Files {
		path := filepath.Join(root, f.Name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, f.Data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{t: t, dir: filepath.Join(root, "data"), log: &buffer{}}
	var found []diag.Diagnostic
	var err error
	if w.project, found, err = project.Load(root); err != nil || diag.Failed(found) {
		t.Fatalf("load the project: %v, %v", err, found)
	}
	for name, as := range map[string]string{"accounts.csv": "accounts", "contacts.csv": "contacts", "events.jsonl": ""} {
		w.read(filepath.Join(root, name), as)
	}
	if text, err := os.ReadFile(filepath.Join(root, "cast.yaml")); err == nil {
		var l diag.List
		if w.cast = cast.Parse("cast.yaml", text, &l); l.Failed() {
			t.Fatal(l.All)
		}
	}
	return w
}

func (w *world) read(path, as string) {
	w.t.Helper()
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	opt := intake.FileOptions{Name: path, As: as, Source: "demo", At: monday.Add(-time.Second), Rules: w.project.Rules}
	err = intake.ReadFile(w.t.Context(), f, opt, func(r intake.Row) error {
		w.msgs = append(w.msgs, r.Message)
		return nil
	}, func(line int, reason string) { w.t.Errorf("%s:%d: %s", path, line, reason) })
	if err != nil {
		w.t.Fatal(err)
	}
}

// open opens the data directory on a compressed clock; the test's end closes it.
func (w *world) open(days int, also ...func(*app.Config)) *app.App {
	w.t.Helper()
	c := app.Config{
		Dir: w.dir, Project: w.project, Env: w.env, Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		ScanEvery: 24 * time.Hour, Virtual: &app.Virtual{At: monday, End: monday.AddDate(0, 0, days)},
	}
	for _, set := range also {
		set(&c)
	}
	a, err := app.Open(w.t.Context(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := a.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return a
}

// run takes the messages in, lets time pass until so many days after monday, and
// returns what happened meanwhile. Each run is a process's life.
func (w *world) run(days int, also ...func(*app.Config)) (*app.App, []store.Line) {
	w.t.Helper()
	a := w.open(days, also...)
	ctx, stop := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer stop()
	var total intake.Result
	feed, err := a.Feed(ctx, w.msgs, &total, func(int, int) {})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := a.Start(ctx); err != nil {
		w.t.Fatal(err)
	}
	var lines []store.Line
	keep := func(l store.Line) error { lines = append(lines, l); return nil }
	if w.cast != nil {
		err = a.Perform(ctx, keep, feed, a.Cast(w.cast))
	} else {
		err = a.Perform(ctx, keep, feed)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	if total.Rejected > 0 {
		w.t.Errorf("rejected: %+v", total.Problems)
	}
	return a, lines
}

// story is lines as people read them, in one order whatever order they were
// written in: those of one moment by account and step.
func story(lines []store.Line) string {
	var out []string
	for _, l := range lines {
		out = append(out, strings.TrimSpace(strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s %s %s %s",
			l.At.UTC().Format("2006-01-02 15:04"), l.Account, l.Kind, l.Path, l.To, l.Outcome, l.Reason)), " ")))
	}
	slices.Sort(out)
	return strings.Join(out, "\n") + "\n"
}

// buffer is a log that several goroutines write.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// subjectsOf are the e-mails that an account got, as they lie in the outbox.
func subjectsOf(t *testing.T, a *app.App, account string) []string {
	t.Helper()
	var out []string
	err := a.Store.View(t.Context(), func(tx store.Tx) error {
		all, err := tx.Messages(account, 0, 0)
		for _, m := range all {
			if m.Subject != "" {
				out = append(out, m.Subject)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
