package ledger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/ledger"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/store/sqlite"
	"holdfast/steps"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// books are a ledger and the provider's record of the same messages.
type books struct {
	t      *testing.T
	store  store.Store
	file   string
	record []string
}

// newBooks holds n enrollments whose one mail and one card went, as they should.
// Of the mails of silent accounts no delivery was told.
func newBooks(t *testing.T, st store.Store, n int, silent ...string) *books {
	t.Helper()
	b := &books{t: t, store: st, file: filepath.Join(t.TempDir(), "accepted.jsonl")}
	t.Cleanup(func() { _ = st.Close() })
	b.update(func(tx store.Tx) error {
		var errs []error
		for i := range n {
			account := fmt.Sprintf("a%05d", i)
			e := enrollment(account)
			_, err := tx.Enroll(e)
			mail, card := mailOf(account), touch(account, "look", "slack", "sam")
			if !slices.Contains(silent, account) {
				_, err := tx.PutSighting(told(mail, holdfast.Delivered, mail.ProviderID))
				errs = append(errs, err)
			}
			errs = append(errs, err, tx.PutTouch(mail), tx.PutTouch(card),
				tx.PutTask(store.Task{ID: "k" + account, Enrollment: e.ID, Path: "look", Status: "done"}))
			b.accept(mail.ID, mail.ProviderID)
			b.accept(card.ID, card.ProviderID)
			b.accept(card.ID, card.ProviderID+"again") // a card may be shown twice
		}
		return errors.Join(errs...)
	})
	return b
}

func idOf(account string) string { return holdfast.EnrollmentID("save", account, "1") }

func enrollment(account string) store.Enrollment {
	state, err := json.Marshal(steps.State{V: 1, Over: true, Outcome: "told", Done: map[string]steps.Result{"mail": {Outcome: "sent", At: noon}}})
	if err != nil {
		panic(err)
	}
	return store.Enrollment{
		ID: idOf(account), Playbook: "save", Account: account, EntryKey: "1", Status: "ended", Outcome: "told", StartedAt: noon.Add(-time.Hour), State: state,
	}
}

func touch(account, path, channel, to string) store.Touch {
	id := holdfast.TouchID(idOf(account), path, channel, to)
	return store.Touch{
		ID: id, Enrollment: idOf(account), Account: account, Playbook: "save", Step: path, Path: path, Channel: channel, Recipient: to,
		State: holdfast.Sent, ProviderID: "m-" + id[:6], Attempts: 1, ClaimedAt: noon.Add(-time.Hour), SendingAt: noon.Add(-time.Hour), DoneAt: noon.Add(-time.Hour),
	}
}

func mailOf(account string) store.Touch { return touch(account, "mail", "email", "dana") }

func told(h store.Touch, kind holdfast.SightingKind, message string) store.Sighting {
	return store.Sighting{Key: h.ID + string(kind) + message, Touch: h.ID, Message: message, Kind: kind, At: noon}
}

func (b *books) update(fn func(tx store.Tx) error) {
	b.t.Helper()
	if err := b.store.Update(b.t.Context(), fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b *books) accept(touch, id string) {
	b.record = append(b.record, fmt.Sprintf(`{"at":"2026-03-02T11:00:00Z","provider":"sendgrid","touch":%q,"id":%q}`, touch, id))
}

func (b *books) forget(touch string) {
	var left []string
	for _, line := range b.record {
		if !strings.Contains(line, touch) {
			left = append(left, line)
		}
	}
	b.record = left
}

func (b *books) check(recorded bool) *ledger.Report {
	b.t.Helper()
	o := ledger.Options{Store: b.store, Now: noon}
	if recorded {
		o.Accepted = b.file
		if err := os.WriteFile(b.file, []byte(strings.Join(b.record, "\n")+"\n"), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	r, err := ledger.Check(b.t.Context(), o)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func TestACleanLedgerIsSaidToBe(t *testing.T) {
	t.Parallel()
	db, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := newBooks(t, db, 500).check(true) // several pages
	var text bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	want := `500 touches of 500 enrollments: sent 500
500 task cards, 500 of them shown more than once, as a card may be
providers told 500 things of them, and accepted 1500 messages

500 touches, each at most once, none without a state
`
	if diff := cmp.Diff(want, text.String()); diff != "" || !r.Clean() {
		t.Error(diff)
	}
}

func TestWhatMustNotBeIsFound(t *testing.T) {
	t.Parallel()
	exit := func(tx store.Tx, at time.Time) error { // an ended enrollment takes no signal
		e := enrollment("left")
		e.Status, e.Outcome = "active", ""
		_, err := tx.Enroll(e)
		h := mailOf("left")
		_, errTold := tx.PutSighting(told(h, holdfast.Processed, h.ProviderID))
		return errors.Join(err, tx.Signal(store.Signal{Enrollment: e.ID, Kind: "exit", Outcome: "answered", At: at}), tx.PutTouch(h), errTold)
	}
	for name, c := range map[string]struct {
		plant    func(b *books, tx store.Tx, h *store.Touch) error // h is the mail of a00000, put back after
		unheard  bool                                              // its delivery was never told
		ledger   bool                                              // found without the provider's record as well
		want     string                                            // "" is nothing
		contains string
	}{
		"nothing": {plant: func(*books, store.Tx, *store.Touch) error { return nil }},
		"accepted twice": {plant: func(b *books, _ store.Tx, h *store.Touch) error { b.accept(h.ID, "m2"); return nil },
			want: "duplicate", contains: "accepted it 2 times"},
		"told of under two ids": {plant: func(_ *books, tx store.Tx, h *store.Touch) error {
			_, err := tx.PutSighting(told(*h, holdfast.Opened, "m2"))
			return err
		}, ledger: true, want: "duplicate", contains: "as m2"},
		"told of under another id": {plant: func(_ *books, tx store.Tx, h *store.Touch) error {
			_, err := tx.PutSighting(told(*h, holdfast.Delivered, "m2"))
			return err
		}, unheard: true, ledger: true, want: "duplicate", contains: "m2 and as m-"},
		"sent and never accepted": {plant: func(b *books, _ store.Tx, h *store.Touch) error { b.forget(h.ID); return nil },
			want: "lost", contains: "never accepted"},
		"reconciled and never accepted": {plant: func(b *books, _ store.Tx, h *store.Touch) error {
			h.State = holdfast.Reconciled
			b.forget(h.ID)
			return nil
		}, want: "lost", contains: "never accepted"},
		"kept in the outbox": {plant: func(b *books, _ store.Tx, h *store.Touch) error {
			h.ProviderID = "outbox/" + h.ID
			b.forget(h.ID)
			return nil
		}, unheard: true},
		"unknown, and not there": {plant: func(b *books, _ store.Tx, h *store.Touch) error {
			h.State, h.ProviderID = holdfast.Unknown, ""
			b.forget(h.ID)
			return nil
		}, unheard: true},
		"a stranger's": {plant: func(b *books, _ store.Tx, _ *store.Touch) error { b.accept("zzz", "m9"); return nil },
			want: "unnamed", contains: "touch zzz as m9"},
		"one without an id": {plant: func(b *books, _ store.Tx, _ *store.Touch) error { b.accept("", "m9"); return nil },
			want: "unnamed", contains: "as m9"},
		"failed, but accepted": {plant: func(_ *books, _ store.Tx, h *store.Touch) error { h.State = holdfast.Failed; return nil },
			unheard: true, want: "untold", contains: "accepted it"},
		"skipped, but delivered": {plant: func(_ *books, _ store.Tx, h *store.Touch) error { h.State = holdfast.Skipped; return nil },
			ledger: true, want: "untold", contains: "was delivered"},
		"taken and dropped": {plant: func(_ *books, tx store.Tx, h *store.Touch) error {
			h.State, h.Reason = holdfast.Failed, "dropped"
			_, err := tx.PutSighting(told(*h, holdfast.Dropped, h.ProviderID))
			return err
		}, unheard: true},
		"released, and over": {plant: func(b *books, _ store.Tx, h *store.Touch) error {
			h.State, h.ProviderID = holdfast.Released, ""
			b.forget(h.ID)
			return nil
		}, unheard: true, ledger: true, want: "stuck", contains: "refused"},
		"sending, and over": {plant: func(_ *books, _ store.Tx, h *store.Touch) error { h.State = holdfast.Sending; return nil },
			ledger: true, want: "stuck", contains: "is over"},
		"no state": {plant: func(_ *books, _ store.Tx, h *store.Touch) error { h.State = "lost"; return nil },
			ledger: true, want: "stuck", contains: "no state"},
		"claimed before its exit": {plant: func(b *books, tx store.Tx, _ *store.Touch) error {
			b.accept(mailOf("left").ID, mailOf("left").ProviderID)
			return exit(tx, noon.Add(-time.Hour))
		}},
		"claimed while its exit was on its way": {plant: func(b *books, tx store.Tx, _ *store.Touch) error {
			b.accept(mailOf("left").ID, mailOf("left").ProviderID)
			return exit(tx, noon.Add(-time.Hour-ledger.Overlap))
		}},
		"claimed just after its exit": {plant: func(b *books, tx store.Tx, _ *store.Touch) error {
			b.accept(mailOf("left").ID, mailOf("left").ProviderID)
			return exit(tx, noon.Add(-time.Hour-ledger.Overlap-time.Millisecond))
		}, ledger: true, want: "late", contains: "after the exit at 2026-03-02 10:59:58.999"},
		"claimed after its exit": {plant: func(b *books, tx store.Tx, _ *store.Touch) error {
			b.accept(mailOf("left").ID, mailOf("left").ProviderID)
			return exit(tx, noon.Add(-2*time.Hour))
		}, ledger: true, want: "late", contains: "claimed at 2026-03-02 11:00:00.000, after the exit at 2026-03-02 10:00"},
		"sending for an hour": {plant: func(b *books, tx store.Tx, _ *store.Touch) error {
			return active(b, tx, holdfast.Sending, noon.Add(-time.Hour))
		},
			ledger: true, want: "stuck", contains: "is the server running"},
		"sending for a minute": {plant: func(b *books, tx store.Tx, _ *store.Touch) error {
			return active(b, tx, holdfast.Sending, noon.Add(-time.Minute))
		}},
		"a person's work for a month": {plant: func(_ *books, tx store.Tx, _ *store.Touch) error {
			e := enrollment("call")
			e.Status = "active"
			_, err := tx.Enroll(e)
			h := touch("call", "ring", "phone", "dana")
			h.State, h.HumanWork, h.ClaimedAt = holdfast.Claimed, true, noon.AddDate(0, -1, 0)
			return errors.Join(err, tx.PutTouch(h), tx.PutTask(store.Task{ID: "kcall", Enrollment: e.ID, Path: "ring", Status: "open"}))
		}},
		"a step without a line": {plant: func(_ *books, tx store.Tx, _ *store.Touch) error {
			_, err := tx.Enroll(enrollment("bare"))
			return err
		}, ledger: true, want: "missing", contains: "step mail of save at bare"},
		"a step that was renamed": {plant: func(b *books, tx store.Tx, _ *store.Touch) error {
			_, err := tx.Enroll(enrollment("named"))
			h := touch("named", "letter", "email", "dana")
			b.accept(h.ID, h.ProviderID)
			return errors.Join(err, tx.PutTouch(h))
		}},
		"a touch of no enrollment": {plant: func(b *books, tx store.Tx, _ *store.Touch) error {
			h := mailOf("nobody")
			b.accept(h.ID, h.ProviderID)
			return tx.PutTouch(h)
		}, ledger: true, want: "missing", contains: "which is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			silent := ""
			if c.unheard {
				silent = "a00000"
			}
			b := newBooks(t, memory.New(), 3, silent)
			b.update(func(tx store.Tx) error {
				h := mailOf("a00000")
				return errors.Join(c.plant(b, tx, &h), tx.PutTouch(h))
			})
			for _, recorded := range []bool{true, false} {
				r := b.check(recorded)
				want := c.want
				if !recorded && !c.ledger {
					want = ""
				}
				if want == "" {
					if !r.Clean() {
						t.Errorf("record %v: found %+v", recorded, r.Findings)
					}
					continue
				}
				if r.Wrong != 1 || r.Findings[0].Kind != want || !strings.Contains(r.Findings[0].What, c.contains) {
					t.Errorf("record %v: found %+v, want one %s: %s", recorded, r.Findings, want, c.contains)
				}
			}
		})
	}
}

// active is an enrollment whose mail is on its way.
func active(_ *books, tx store.Tx, state holdfast.TouchState, since time.Time) error {
	e := enrollment("busy")
	e.Status = "active"
	_, err := tx.Enroll(e)
	h := mailOf("busy")
	h.State, h.ProviderID, h.ClaimedAt, h.SendingAt = state, "", since, since
	return errors.Join(err, tx.PutTouch(h))
}

func TestALineThatIsNoneIsNamedAndATornOneIsLeftOut(t *testing.T) {
	t.Parallel()
	b := newBooks(t, memory.New(), 1)
	b.record = append(b.record, `{"provider":"sendgrid","tou`, `{"a`)
	if r := b.check(true); !r.Clean() || r.Accepted != 3 {
		t.Errorf("%+v", r)
	}
	b.record = append(b.record, `{"hello":"there"}`)
	if err := os.WriteFile(b.file, []byte(strings.Join(b.record, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := ledger.Check(t.Context(), ledger.Options{Store: b.store, Now: noon, Accepted: b.file})
	if err == nil || !strings.Contains(err.Error(), "is no acceptance") {
		t.Errorf("got %v", err)
	}
	if _, err := ledger.Check(t.Context(), ledger.Options{Store: b.store, Now: noon, Accepted: b.file + "x"}); err == nil {
		t.Error("a file that is not there: no error")
	}
}
