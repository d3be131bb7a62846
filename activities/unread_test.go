package activities_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/store"
	"holdfast/workflows"
)

// reading is a store that tells of each account that is read in a transaction, before
// it is; an error takes the place of the account.
type reading struct {
	store.Store
	account func() error
}

func (r *reading) Update(ctx context.Context, fn func(store.Tx) error) error {
	return r.Store.Update(ctx, func(tx store.Tx) error { return fn(readingTx{tx, r.account}) })
}

type readingTx struct {
	store.Tx
	account func() error
}

func (tx readingTx) Account(id string) (store.Account, error) {
	if err := tx.account(); err != nil {
		return store.Account{}, err
	}
	return tx.Tx.Account(id)
}

// A worker that stops, and a database that is away, are no mistake of the playbook's:
// Temporal calls again, and nobody is alarmed.
func TestFactsThatCannotBeReadAreNoMistake(t *testing.T) {
	t.Parallel()
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			away := errors.New("the database is away")
			for want, fault := range map[error]func(cancel func()) error{
				context.Canceled: func(cancel func()) error { cancel(); return nil },
				away:             func(func()) error { return away },
			} {
				w := newWorldIn(t, open(t), oneMail)
				said := w.listen()
				r := w.enroll("1")
				before, step := r.row(), r.step()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				reads := 0
				w.config.Store = &reading{w.store, func() error { reads++; return fault(cancel) }}
				w.wire()
				p, err := w.a.Advance(ctx, step)
				if !errors.Is(err, want) || reads == 0 {
					t.Errorf("after %d reads: got %v, want %v", reads, err, want)
				}
				if diff := cmp.Diff(workflows.Progress{}, p); diff != "" {
					t.Errorf("%v: it rests: %s", want, diff)
				}
				if diff := cmp.Diff(before, r.row()); diff != "" {
					t.Errorf("%v: the enrollment changed: %s", want, diff)
				}
				if lines := r.timeline(); len(lines) != 0 || said.Len() != 0 {
					t.Errorf("%v: the timeline says %q, the log %s", want, lines, said)
				}
				w.config.Store = w.store
				w.wire()
				if r.rest(); len(w.email.sent) != 1 {
					t.Errorf("%v: %d e-mails when it is tried again, want 1", want, len(w.email.sent))
				}
			}
		})
	}
}

func TestAVersionThatIsNotStoredIsAMistake(t *testing.T) {
	t.Parallel()
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldIn(t, open(t), oneMail)
			said := w.listen()
			r := w.enroll("1", func(e *store.Enrollment) { e.Digest = "sha256:gone" })
			if p := r.rest(); !p.Until.Equal(monday.Add(time.Hour)) {
				t.Errorf("rests until %s, want an hour", p.Until)
			}
			if lines := r.timeline(); len(lines) != 1 || !strings.HasPrefix(lines[0], "error") {
				t.Errorf("the timeline says %q", lines)
			}
			if !strings.Contains(said.String(), "level=ERROR msg=\"enrollment cannot go on\"") || !strings.Contains(said.String(), "reason=version") {
				t.Errorf("the log says %s", said)
			}
		})
	}
}

// listen is what the activities log as errors from now on. They must not run while it
// is read.
func (w *world) listen() *bytes.Buffer {
	w.t.Helper()
	said := &bytes.Buffer{}
	w.config.Log = slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelError}))
	w.wire()
	return said
}
