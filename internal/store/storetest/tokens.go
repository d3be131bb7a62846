package storetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

func tokensAreKept(t *testing.T, s store.Store) {
	first := store.Token{ID: "tok_b", Hash: "h1", Name: "the app", Scopes: []string{"ingest:app", "metrics"}, CreatedAt: t0, CreatedBy: "mira"}
	second := store.Token{ID: "tok_a", Hash: "h2", Scopes: []string{"api:read"}, CreatedAt: t0, CreatedBy: "ci", ExpiresAt: t0.Add(time.Hour), Follows: "tok_b"}
	update(t, s, func(tx store.Tx) error { return errors.Join(tx.PutToken(first), tx.PutToken(second)) })
	first.UsedAt, first.RevokedAt, first.RevokedBy = t0.Add(time.Minute), t0.Add(time.Hour), "leo"
	update(t, s, func(tx store.Tx) error { return tx.PutToken(first) })
	view(t, s, func(tx store.Tx) error {
		one, err := tx.Token("tok_b")
		by, errBy := tx.TokenByHash("h2")
		_, gone := tx.Token("tok_c")
		_, unknown := tx.TokenByHash("h3")
		all, errAll := tx.AllTokens()
		return errors.Join(err, errBy, errAll, same("one", one, first), same("by hash", by, second),
			missing("tok_c", gone), missing("h3", unknown), same("all", all, []store.Token{second, first}))
	})
}

func hashesAreUnique(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error { return tx.PutToken(store.Token{ID: "tok_a", Hash: "h", CreatedAt: t0}) })
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		return tx.PutToken(store.Token{ID: "tok_b", Hash: "h", CreatedAt: t0})
	}); err == nil {
		t.Error("two tokens have one hash")
	}
	view(t, s, func(tx store.Tx) error {
		k, err := tx.TokenByHash("h")
		return errors.Join(err, same("whose it is", k.ID, "tok_a"))
	})
}

func parkedMessagesWait(t *testing.T, s store.Store) {
	message := func(source, id, contact string, at time.Time) holdfast.Message {
		return holdfast.Message{ID: id, Source: source, Kind: holdfast.Identify, Contact: contact, At: at,
			Props: map[string]any{"email": contact + "@acme.example", "n": json.Number("12345678901234567890")}}
	}
	late := message("app", "2", "dana", t0.Add(time.Hour))
	early := message("app", "1", "dana", t0)
	elsewhere := message("crm", "1", "dana", t0)
	other := message("app", "3", "leo", t0)
	park := func(m holdfast.Message, received time.Time, want bool) {
		update(t, s, func(tx store.Tx) error {
			fresh, err := tx.Park(m, received)
			return errors.Join(err, same("fresh "+m.Source+m.ID, fresh, want))
		})
	}
	park(late, t0, true)
	park(early, t0.Add(2*time.Hour), true)
	park(elsewhere, t0.Add(3*time.Hour), true)
	park(other, t0.Add(4*time.Hour), true)
	again := early
	again.Props = nil
	park(again, t0, false)
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Parked([]string{"nobody", "dana", "dana"})
		look, errLook := tx.Look(store.Wanted{Parked: []string{"nobody", "dana", "dana"}})
		n, errCount := tx.CountParked("dana")
		none, errNone := tx.Parked(nil)
		want := []store.Parked{{Message: early, Received: t0.Add(2 * time.Hour)}, {Message: elsewhere, Received: t0.Add(3 * time.Hour)}, {Message: late, Received: t0}}
		return errors.Join(err, errLook, errCount, errNone, same("of dana", got, want), same("by look", look.Parked, want), same("count", n, 3), same("of nobody", len(none), 0))
	})
	update(t, s, func(tx store.Tx) error {
		if err := errors.Join(tx.Unpark("app", "1"), tx.Unpark("app", "none")); err != nil {
			return err
		}
		one, err := tx.ForgetParked(t0.Add(4*time.Hour), 1)
		return errors.Join(err, same("the oldest", one, 1))
	})
	update(t, s, func(tx store.Tx) error {
		got, err := tx.Parked([]string{"dana", "leo"})
		rest, errRest := tx.ForgetParked(t0.Add(5*time.Hour), 0)
		return errors.Join(err, errRest, same("left", len(got), 2), same("the rest", rest, 2))
	})
}
