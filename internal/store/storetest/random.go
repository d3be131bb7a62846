package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// Fill does the same n random things to a store for the same seed: of all that can
// be remembered, with texts of every kind, some of it changed and dropped again.
func Fill(t testing.TB, s store.Store, seed uint64, n int) {
	t.Helper()
	f := filler{rand.New(rand.NewPCG(seed, 0))} // a repeatable draw is the point
	for done := 0; done < n; {
		some := min(1+f.IntN(20), n-done)
		done += some
		draw := f.Uint64()
		// fn may be run again, so that it draws anew each time.
		if err := s.Update(t.Context(), func(tx store.Tx) error {
			one := filler{rand.New(rand.NewPCG(draw, 1))}
			for range some {
				if err := one.act(tx); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

type filler struct{ *rand.Rand }

var (
	fillAccounts = []string{"acme", "globex", "übel", "", "x'y\"z", "日本"}
	fillTexts    = []string{"", "plain", "Größe <b>&amp;", "line\nbreak\ttab", "\u2028 \U0001F600", `{"a":"\\"}`, "\ufffd"}
	fillNames    = []string{"login", "invoice.paid", "email.replied"}
	fillMetas    = []string{"k", "stopped", "scan", "engine"}
	fillStates   = []holdfast.TouchState{
		holdfast.Claimed, holdfast.Sending, holdfast.Released, holdfast.Sent, holdfast.Unknown, holdfast.Failed, holdfast.Skipped,
	}
)

func pick[T any](f filler, of []T) T { return of[f.IntN(len(of))] }

func (f filler) text() string    { return pick(f, fillTexts) }
func (f filler) account() string { return pick(f, fillAccounts) }
func (f filler) id() string      { return fmt.Sprintf("id%d", f.IntN(12)) }

func (f filler) at() time.Time {
	if f.IntN(6) == 0 {
		return time.Time{}
	}
	return t0.Add(time.Duration(f.Int64N(1e15)) * time.Microsecond / 1000 * 1000).Truncate(time.Microsecond)
}

func (f filler) fields() map[string]store.Field {
	m := map[string]store.Field{}
	for range f.IntN(4) {
		m[f.text()] = store.Field{Value: pick(f, []any{true, nil, f.text(), json.Number("12.50"), []any{"a", nil}}), At: f.at(), Message: f.text()}
	}
	return m
}

func (f filler) json() []byte {
	if f.IntN(3) == 0 {
		return nil
	}
	b, _ := json.Marshal(map[string]string{"v": f.text()}) // texts always have JSON
	return b
}

// act does one thing.
func (f filler) act(tx store.Tx) error {
	switch f.IntN(13) {
	case 0:
		return tx.MetaSet(pick(f, fillMetas), f.text())
	case 1:
		return tx.PutAccount(store.Account{ID: f.account(), Known: f.IntN(2) == 0, Fields: f.fields()})
	case 2:
		return errors.Join(tx.PutContact(store.Contact{ID: f.id(), Account: f.account(), Fields: f.fields()}),
			tx.PutObject(store.Object{Kind: f.text(), Key: f.id(), Account: f.account(), Fields: f.fields()}))
	case 3:
		_, _, err := tx.AppendEvent(holdfast.Message{
			ID: fmt.Sprint(f.IntN(500)), Source: f.text(), Kind: holdfast.Track, Event: pick(f, fillNames),
			Account: f.account(), Contact: f.id(), At: f.at(), Props: map[string]any{"p": f.text()},
		}, f.at())
		return err
	case 4:
		sum := pick(f, []float64{0.1, -3, 1e300, 5e-324, math.Inf(1), 12})
		return tx.AddToBucket(f.account(), pick(f, fillNames), "2026-03-0"+fmt.Sprint(1+f.IntN(9)), f.Int64N(1<<60), sum)
	case 5:
		return errors.Join(tx.Suppress(store.Suppression{Contact: f.id(), Address: f.text(), Kind: "opted_out", At: f.at(), Until: f.at()}),
			tx.PutRest(store.Rest{Account: f.account(), Scope: f.text(), Until: f.at(), Reason: f.text(), Unless: f.text(), Enrollment: f.id()}))
	case 6:
		_, err := tx.DropHold(f.id())
		return errors.Join(err, tx.PutHold(store.Hold{ID: f.id(), Account: f.account(), Enrollment: f.id(), By: f.text(), Since: f.at(), Until: f.at()}),
			tx.PutArm(f.text(), f.account(), pick(f, []string{"treated", "holdout"})))
	case 7:
		d := f.id()
		_, err := tx.AddRelease(store.Release{Digest: d, Files: []byte{0, 255, byte(f.IntN(256))}, By: f.text(), At: f.at()})
		return errors.Join(err, tx.PutVersion(store.Version{Digest: d, Playbook: f.text(), Bundle: f.json(), PublishedAt: f.at()}), tx.SetHead(f.text(), d, f.at()))
	case 8:
		return errors.Join(tx.PutTruth(store.Truth{Playbook: f.text(), Trigger: f.text(), Account: f.account(), True: f.IntN(2) == 0, Since: f.at(), Fired: f.IntN(2) == 0}),
			tx.PutDue(store.Due{Key: f.id(), Kind: pick(f, fillNames), At: t0.Add(time.Duration(f.IntN(1e6)) * time.Second), Account: f.account(), Data: f.json()}),
			tx.DropDue(f.id()))
	case 9:
		return f.run(tx)
	case 10:
		id := f.id()
		return errors.Join(tx.PutTask(store.Task{
			ID: id, Enrollment: f.id(), Account: f.account(), Owner: f.text(), Title: f.text(), OpenedAt: f.at(), DueAt: f.at(), Status: "open",
			Answers: f.json(), Background: f.IntN(2) == 0, SnoozedUntil: f.at(),
		}), tx.PutApproval(store.Approval{ID: id, Account: f.account(), Title: f.text(), AskedAt: f.at(), Status: "open"}))
	case 11:
		return f.touch(tx)
	}
	_, err := tx.PutSighting(store.Sighting{Key: f.text(), Touch: f.id(), Message: f.text(), Kind: holdfast.Delivered, At: f.at(), Detail: f.text()})
	return errors.Join(err, tx.AddLine(store.Line{
		Key: pick(f, []string{"", fmt.Sprint(f.IntN(100))}), At: f.at(), Account: f.account(), Enrollment: f.id(), Kind: "email", Reason: f.text(),
	}))
}

// run starts, wakes and ends enrollments.
func (f filler) run(tx store.Tx) error {
	id := f.id()
	_, err := tx.Enroll(store.Enrollment{
		ID: id, Playbook: f.text(), Digest: f.id(), Account: f.account(), EntryKey: id, Arm: "treated", Status: pick(f, []string{"active", "ended"}),
		StartedAt: f.at(), State: f.json(), Due: f.at(), Step: f.text(), Doing: f.text(),
	})
	if err != nil {
		return err
	}
	e, err := tx.Enrollment(id)
	if err != nil {
		return err
	}
	if f.IntN(3) == 0 {
		e.Echoed, e.State = e.Woken, f.json()
		if f.IntN(3) == 0 {
			e.Status, e.Outcome, e.EndedAt = "ended", f.text(), f.at()
		}
		return errors.Join(tx.PutEnrollment(e), tx.Delivered(id, f.Int64N(40), "ok"))
	}
	return errors.Join(tx.Signal(store.Signal{Enrollment: id, Kind: pick(f, []string{"heard", "exit"}), Path: f.text(), Reason: f.text(), At: f.at(), Data: f.json()}),
		tx.PutListener(store.Listener{Enrollment: id, Path: f.text(), Account: e.Account, Events: []string{pick(f, fillNames)}, OpenedAt: f.at()}))
}

func (f filler) touch(tx store.Tx) error {
	id := f.id()
	_, err := tx.PutMessage(store.Outmail{Outbound: holdfast.Outbound{Touch: id, Account: f.account(), Subject: f.text(), At: f.at()}})
	return errors.Join(err, tx.PutTouch(store.Touch{
		ID: id, Enrollment: f.id(), Account: f.account(), Contact: f.id(), Path: id, Channel: pick(f, []string{"email", "slack"}),
		Recipient: f.id(), State: pick(f, fillStates), Reason: f.text(), ProviderID: id, Attempts: f.IntN(4), ClaimedAt: f.at(), SendingAt: f.at(),
		HumanWork: f.IntN(2) == 0,
	}))
}
