package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"holdfast"
	"holdfast/examples"
	"holdfast/internal/app"
	"holdfast/internal/cast"
	"holdfast/internal/config"
	"holdfast/internal/diag"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/rules"
)

type messages = []holdfast.Message

// badRows are the rows of data files that could not be read.
type badRows struct {
	count int
	first []importProblem
}

// readMessages reads data files into messages. Rows of a CSV without a time were
// true just before from.
func readMessages(ctx context.Context, files []string, set *rules.Set, from time.Time) (out messages, bad badRows, err error) {
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, bad, fmt.Errorf("read data: %w", err)
		}
		opt := intake.FileOptions{Name: name, As: tableKind(name), Source: "demo", At: from.Add(-time.Second), Rules: set}
		err = intake.ReadFile(ctx, f, opt, func(r intake.Row) error {
			out = append(out, r.Message)
			return nil
		}, func(line int, reason string) {
			bad.count++
			if len(bad.first) < shownProblems {
				bad.first = append(bad.first, importProblem{name, line, reason})
			}
		})
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, bad, err
		}
	}
	return out, bad, nil
}

// tableKind of a CSV is told by its name.
func tableKind(name string) string {
	for _, kind := range []string{"accounts", "contacts"} {
		if strings.HasPrefix(filepath.Base(name), kind+".csv") {
			return kind
		}
	}
	return ""
}

// dataOf are the data files that lie in a project directory.
func dataOf(dir string) []string {
	var out []string
	for _, name := range []string{"accounts.csv", "contacts.csv", "events.jsonl", "events.jsonl.gz"} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			out = append(out, path)
		}
	}
	return out
}

// sample unpacks a sample project below root: the demo's own, or the one that
// fits the data best, which is said.
func sample(ctx context.Context, root string, files []string, say io.Writer) (string, error) {
	name := examples.Demo
	unpack := func(name string) (string, error) {
		dir := filepath.Join(root, name)
		if _, err := os.Stat(dir); err == nil {
			return dir, nil
		}
		sub, err := fs.Sub(examples.FS, name)
		if err != nil {
			return "", err
		}
		return dir, os.CopyFS(dir, sub)
	}
	if len(files) > 0 {
		best := -1
		all, err := examples.FS.ReadDir(".")
		if err != nil {
			return "", err
		}
		for _, one := range all {
			dir, err := unpack(one.Name())
			if err != nil {
				return "", err
			}
			fit, err := fits(ctx, dir, files[0])
			if err != nil {
				return "", err
			}
			if fit > best {
				best, name = fit, one.Name()
			}
		}
		fmt.Fprintf(say, "using the sample project %s: it declares these events best (--project chooses another)\n", name)
	}
	return unpack(name)
}

// fits counts the properties, of up to 2,000 messages of a file, that a project declares.
func fits(ctx context.Context, dir, file string) (int, error) {
	p, found, err := project.Load(dir)
	if err != nil || p == nil {
		return 0, fmt.Errorf("sample project %s: %w: %v", dir, err, found)
	}
	f, err := os.Open(file)
	if err != nil {
		return 0, fmt.Errorf("read data: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	fit, seen := 0, 0
	enough := errors.New("enough")
	err = intake.ReadFile(ctx, f, intake.FileOptions{Name: file}, func(r intake.Row) error {
		name := r.Event
		if name == "" {
			name = r.Kind
		}
		fields, _ := p.Rules.EventFields(name)
		for prop := range r.Props {
			if slices.ContainsFunc(fields, func(f rules.Field) bool { return f.Name == prop }) {
				fit++
			}
		}
		if seen++; seen == 2000 {
			return enough
		}
		return nil
	}, func(int, string) {})
	if errors.Is(err, enough) {
		err = nil
	}
	return fit, err
}

// readCast reads a project's cast.yaml, if it has one.
func readCast(dir string, s Streams) (*cast.Cast, error) {
	path := filepath.Join(dir, "cast.yaml")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the cast: %w", err)
	}
	var l diag.List
	c := cast.Parse(path, text, &l)
	if l.Failed() {
		if err := diag.Text(s.Out, l.All, map[string]string{path: string(text)}, terminal(s.Out)); err != nil {
			return nil, err
		}
		return nil, errFindings
	}
	return c, nil
}

// loadProject loads dir, and prints what is wrong with it: errors end the
// command, warnings go to the error stream.
func loadProject(dir string, s Streams) (*project.Project, error) {
	p, found, err := project.Load(dir)
	if err != nil {
		return nil, err
	}
	l := diag.List{All: found}
	if l.Failed() {
		texts := map[string]string{}
		if p != nil {
			texts = p.Sources
		}
		if err := diag.Text(s.Out, found, texts, terminal(s.Out)); err != nil {
			return nil, err
		}
		return nil, errFindings
	}
	return p, nil
}

// openForImport opens a data directory under the release in force, or, where
// nothing was applied yet, under a project whose playbooks it publishes. There is
// no engine: what is decided waits in the directory.
func openForImport(ctx context.Context, dir, path string) (*intake.Intake, func() error, error) {
	n, p, err := releaseIn(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	if n == 0 {
		var found []diag.Diagnostic
		if p, found, err = project.Load(path); err != nil {
			return nil, nil, err
		}
		if l := (diag.List{All: found}); l.Failed() {
			return nil, nil, fmt.Errorf("the project %s has mistakes; holdfast lint %s shows them", path, path)
		}
	}
	a, err := app.Open(ctx, app.Config{Dir: dir, Project: p, Env: config.FromEnvironment(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, nil, err
	}
	if n > 0 {
		return a.Intake, a.Close, nil
	}
	if _, err := a.Intake.Publish(ctx, p.Playbooks); err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	return a.Intake, a.Close, nil
}
