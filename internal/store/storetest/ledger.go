package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

func touch(id string, state holdfast.TouchState) store.Touch {
	return store.Touch{
		ID: id, Enrollment: "e1", Account: "acme", Contact: "dana", Playbook: "save", Step: "mail", Path: id,
		Channel: "email", Recipient: "dana", State: state, ClaimedAt: t0,
	}
}

func touchIDs(hs []store.Touch) string {
	var ids []string
	for _, h := range hs {
		ids = append(ids, h.ID)
	}
	return strings.Join(ids, " ")
}

func touchesAreKept(t *testing.T, s store.Store) {
	full := touch("a", holdfast.Sent)
	full.Reason, full.ProviderID, full.Attempts, full.HumanWork = "late", "prov", 3, true
	full.SendingAt, full.DoneAt = t0.Add(time.Second), t0.Add(time.Minute)
	newer := touch("b", holdfast.Reconciled)
	newer.DoneAt = t0.Add(time.Hour)
	failed := touch("c", holdfast.Failed)
	failed.DoneAt = t0.Add(2 * time.Hour)
	early := touch("z", holdfast.Sending)
	early.ClaimedAt = t0.Add(-time.Hour)
	update(t, s, func(tx store.Tx) error {
		_, err := tx.Touch("a")
		_, errLast := tx.LastTouch("acme")
		return errors.Join(missing("touch", err), missing("last touch", errLast), tx.PutTouch(touch("a", holdfast.Claimed)), tx.PutTouch(full),
			tx.PutTouch(newer), tx.PutTouch(failed), tx.PutTouch(touch("d", holdfast.Unknown)), tx.PutTouch(early))
	})
	again := touch("another", holdfast.Claimed)
	again.Path = "a"
	if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.PutTouch(again) }); err == nil {
		t.Error("one path, channel and recipient has two touches")
	}
	if err := s.Update(t.Context(), func(tx store.Tx) error { _ = tx.PutTouch(again); return tx.MetaSet("k", "v") }); err == nil {
		t.Error("a transaction went on after the database refused")
	}
	metaIs(t, s, "k", "")
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Touch("a")
		of, errOf := tx.TouchesOf("e1")
		open, errOpen := tx.TouchesIn([]holdfast.TouchState{holdfast.Unknown, holdfast.Sending, holdfast.Claimed}, 0)
		sent, errSent := tx.TouchesIn([]holdfast.TouchState{holdfast.Sent, holdfast.Sending}, 0)
		one, errOne := tx.TouchesIn([]holdfast.TouchState{holdfast.Unknown, holdfast.Sending}, 1)
		last, errLast := tx.LastTouch("acme")
		counts, errCounts := tx.CountTouchesByState()
		return errors.Join(err, errOf, errOpen, errSent, errOne, errLast, errCounts, same("touch", got, full),
			same("by ClaimedAt, ID", touchIDs(of), "z a b c d"), same("open", touchIDs(open), "z d"),
			same("sent or sending", touchIDs(sent), "z a"), same("one", touchIDs(one), "z"), same("last", last.ID, "b"),
			same("counts", counts, map[string]map[holdfast.TouchState]int{"email": {
				holdfast.Sent: 1, holdfast.Reconciled: 1, holdfast.Failed: 1, holdfast.Unknown: 1, holdfast.Sending: 1,
			}}))
	})
}

func touchesAreCounted(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error {
		var errs []error
		for _, state := range []holdfast.TouchState{
			holdfast.Claimed, holdfast.Sending, holdfast.Sent, holdfast.Unknown, holdfast.Reconciled, holdfast.Unconfirmed,
			holdfast.Failed, holdfast.Skipped,
		} {
			errs = append(errs, tx.PutTouch(touch(string(state), state)))
		}
		old, bob, call, card, globex := touch("old", holdfast.Sent), touch("bob", holdfast.Sent), touch("call", holdfast.Sent), touch("card", holdfast.Sent), touch("globex", holdfast.Sent)
		old.ClaimedAt = t0.Add(-time.Microsecond)
		bob.Contact = "bob"
		call.Channel, call.HumanWork = "slack", true
		card.Channel = "slack"
		globex.Account = "globex"
		return errors.Join(append(errs, tx.PutTouch(old), tx.PutTouch(bob), tx.PutTouch(call), tx.PutTouch(card), tx.PutTouch(globex))...)
	})
	for _, c := range []struct {
		contact, channel string
		since            time.Time
		want             int
	}{
		{"", "", t0, 8}, {"dana", "", t0, 7}, {"dana", "email", t0, 6}, {"", "email", time.Time{}, 8},
		{"", "slack", t0, 2}, {"", "", t0.Add(time.Second), 0}, {"nobody", "", t0, 0},
	} {
		view(t, s, func(tx store.Tx) error {
			n, err := tx.CountTouches("acme", c.contact, c.channel, c.since)
			return errors.Join(err, same(fmt.Sprintf("count %q %q %v", c.contact, c.channel, c.since), n, c.want))
		})
	}
}

func messagesAreKeptOnce(t *testing.T, s store.Store) {
	mail := store.Outmail{Outbound: holdfast.Outbound{
		Touch: "t1", Channel: "email", Account: "acme", Contact: "dana", Enrollment: "e1", To: holdfast.Address{ID: "dana", Email: "d@a.example"},
		Subject: "What <changed>", HTML: "<p>&amp;</p>", Headers: map[string]string{"X": "y"},
		Task: &holdfast.TaskCard{ID: "k", Due: t0}, At: t0,
	}}
	update(t, s, func(tx store.Tx) error {
		_, errNone := tx.Message("t1")
		fresh, err := tx.PutMessage(mail)
		other := mail
		other.Subject = "second"
		again, errAgain := tx.PutMessage(other)
		_, err2 := tx.PutMessage(store.Outmail{Outbound: holdfast.Outbound{Touch: "t2", Account: "acme"}})
		_, err3 := tx.PutMessage(store.Outmail{Outbound: holdfast.Outbound{Touch: "t3", Account: "globex"}})
		return errors.Join(missing("message", errNone), err, errAgain, err2, err3, same("fresh", fresh, true), same("again", again, false))
	})
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Message("t1")
		mail.Seq = got.Seq
		of, errOf := tx.Messages("acme", 0, 0)
		later, errLater := tx.Messages("acme", got.Seq, 5)
		every, errEvery := tx.Messages("", 0, 2)
		if err := errors.Join(err, errOf, errLater, errEvery, same("of acme", len(of), 2), same("later", len(later), 1), same("page of all", len(every), 2)); err != nil {
			return err
		}
		return errors.Join(same("message", got, mail), same("first", of[0], mail), same("second", later[0].Touch, "t2"))
	})
}

func linesAreKeptOnce(t *testing.T, s store.Store) {
	full := store.Line{
		Key: "e1/mail", At: t0, Account: "acme", Playbook: "save", Enrollment: "e1", Step: "mail", Path: "watch[1]/mail", Kind: "email",
		Channel: "email", To: "dana", Local: "2026-03-02T10:00:00+01:00", Outcome: "sent", Reason: "r", Touch: "t1",
	}
	bare := store.Line{Enrollment: "e2", Playbook: "save", Kind: "wait"}
	update(t, s, func(tx store.Tx) error {
		last, err := tx.LastLine()
		again := full
		again.Outcome = "failed"
		return errors.Join(err, same("last of none", last, int64(0)),
			tx.AddLine(full), tx.AddLine(again), tx.AddLine(bare), tx.AddLine(bare))
	})
	view(t, s, func(tx store.Tx) error {
		every, err := tx.Lines(0, 0)
		if err := errors.Join(err, same("lines", len(every), 3)); err != nil {
			return err
		}
		full.Seq = every[0].Seq
		later, errLater := tx.Lines(full.Seq, 1)
		of, errOf := tx.LinesOf("e1")
		last, errLast := tx.LastLine()
		counts, errCounts := tx.CountLines()
		return errors.Join(errLater, errOf, errLast, errCounts, same("line", every[0], full), same("a page", later, every[1:2]),
			same("of the enrollment", of, every[:1]), same("last", last, every[2].Seq),
			same("counts", counts, map[string]map[string]int{"save": {"email": 1, "wait": 2}}))
	})
}
