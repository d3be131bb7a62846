package sim

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/source"
	"holdfast/rules"
)

// ReadAccount reads what FILE#ID names, as it was known at a moment: a CSV table
// of accounts, with contacts.csv beside it if there is one, or the JSON lines of
// an event log, of which what came later is left out. The error is a
// *holdfast.Error that names the place.
func ReadAccount(ctx context.Context, ref string, at time.Time, set *rules.Set) (id string, known []Message, err error) {
	file, id, ok := cutLast(ref, "#")
	if !ok || file == "" || id == "" {
		return "", nil, holdfast.Errorf(holdfast.Invalid, "--account %s: expected a file and an account id, such as accounts.csv#acme", ref)
	}
	as := ""
	if isTable(file) {
		as = "accounts"
	}
	all, err := readFile(ctx, file, as, at, set)
	if err != nil {
		return "", nil, err
	}
	known = of(id, all)
	if !slices.ContainsFunc(known, func(m Message) bool { return m.Kind == holdfast.Group }) {
		return "", nil, unknownAccount(file, id, all)
	}
	beside := filepath.Join(filepath.Dir(file), "contacts.csv")
	if as != "" && filepath.Base(file) != "contacts.csv" {
		people, err := readFile(ctx, beside, "contacts", at, set)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", nil, err
		}
		known = append(known, of(id, people)...)
	}
	return id, slices.DeleteFunc(known, func(m Message) bool { return m.At.After(at) }), nil
}

// ReadEvents reads what happens to an account after a moment: JSON lines in
// Segment's shape, our own dotted events included, or a CSV table of events.
func ReadEvents(ctx context.Context, file, account string, after time.Time, set *rules.Set) ([]Message, error) {
	as := ""
	if isTable(file) {
		as = "events"
	}
	all, err := readFile(ctx, file, as, after, set)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(of(account, all), func(m Message) bool { return !m.At.After(after) }), nil
}

// of keeps the messages of an account and of its people.
func of(account string, all []Message) []Message {
	people := map[string]bool{}
	for _, m := range all {
		if m.Account == account && m.Contact != "" {
			people[m.Contact] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(m Message) bool {
		return m.Account != account && (m.Account != "" || !people[m.Contact])
	})
}

// readFile reads all messages; a row that cannot be read is the error.
func readFile(ctx context.Context, file, as string, at time.Time, set *rules.Set) ([]Message, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	var all []Message
	place := func(line int) string { return file + ":" + strconv.Itoa(line) }
	var bad error
	err = intake.ReadFile(ctx, f, intake.FileOptions{Name: file, As: as, Source: "system", At: at, Rules: set},
		func(r intake.Row) error {
			all = append(all, Message{Place: place(r.Line), Message: r.Message})
			return nil
		},
		func(line int, reason string) {
			if bad == nil {
				bad = holdfast.Errorf(holdfast.Invalid, "%s: %s", place(line), reason)
			}
		})
	if err == nil {
		err = bad
	}
	return all, err
}

// unknownAccount says who is there instead.
func unknownAccount(file, id string, all []Message) error {
	var ids []string
	for _, m := range all {
		if m.Account != "" && !slices.Contains(ids, m.Account) {
			ids = append(ids, m.Account)
		}
	}
	e := holdfast.Errorf(holdfast.NotFound, "%s has no account %q", file, id)
	switch near := source.Suggest(id, ids); {
	case near != "":
		e.Hint = fmt.Sprintf("did you mean %q?", near)
	case len(ids) > 8:
		e.Hint = fmt.Sprintf("it has %s and %d more", strings.Join(ids[:8], ", "), len(ids)-8)
	case len(ids) > 0:
		e.Hint = "it has " + strings.Join(ids, ", ")
	}
	return e
}

func isTable(file string) bool {
	return strings.HasSuffix(strings.TrimSuffix(file, ".gz"), ".csv")
}

// cutLast cuts s at the last sep: a file's name may hold one.
func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
