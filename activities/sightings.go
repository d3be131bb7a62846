package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/steps"
)

// sightingsAtOnce is how many sightings are taken in one transaction.
const sightingsAtOnce = 50

// Taken is what became of sightings.
type Taken struct {
	Fresh    int
	Repeated int // told before
	Strange  int // about no message of ours: another system sends through the same account
}

// TakeSightings keeps what a provider tells of messages and does what follows
// from it, in transactions of bounded size: the ledger learns of messages whose
// fate was unknown, their enrollments are woken, and the playbooks hear of it as
// our own events. Telling the same again, in any order, changes nothing. After an
// error what was committed stays, and the same sightings may be given again.
func (a *Activities) TakeSightings(ctx context.Context, all []holdfast.Sighting) (Taken, error) {
	var total Taken
	ordered := slices.Clone(all)
	slices.SortStableFunc(ordered, func(x, y holdfast.Sighting) int { return x.At.Compare(y.At) })
	for page := range slices.Chunk(ordered, sightingsAtOnce) {
		var t Taken
		err := a.Store.Update(ctx, func(tx store.Tx) error {
			t = Taken{}
			return a.takePage(tx, page, &t)
		})
		if err != nil {
			return total, fmt.Errorf("take what the provider told: %w", err)
		}
		total.Fresh, total.Repeated, total.Strange = total.Fresh+t.Fresh, total.Repeated+t.Repeated, total.Strange+t.Strange
		if t.Fresh > 0 {
			a.Poke()
		}
	}
	return total, nil
}

func (a *Activities) takePage(tx store.Tx, page []holdfast.Sighting, t *Taken) error {
	var events []holdfast.Message
	for _, s := range page {
		row, err := touchOf(tx, s)
		if errors.Is(err, store.ErrNotFound) {
			t.Strange++
			continue
		}
		if err != nil {
			return fmt.Errorf("read the touch of a sighting: %w", err)
		}
		fresh, told, err := a.takeSighting(tx, row, s)
		if err != nil {
			return err
		}
		if !fresh {
			t.Repeated++
			continue
		}
		t.Fresh++
		events = append(events, told...)
	}
	return a.emitAll(tx, events) // it reads what was written, so it comes last
}

// emitAll tells the intake. An event that it refuses is logged: it would be
// refused as well when the provider tells it again.
func (a *Activities) emitAll(tx store.Tx, events []holdfast.Message) error {
	for _, m := range events {
		err := a.Emit(tx, m)
		if holdfast.CodeOf(err) == holdfast.Invalid {
			a.Log.Error("an event was not taken", "event", m.Event, "id", m.ID, "error", err)
			continue
		}
		if err != nil {
			return fmt.Errorf("emit %s: %w", m.Event, err)
		}
	}
	return nil
}

// touchOf finds the mail that a sighting is about: by our own id, or by the
// provider's where it carries none.
func touchOf(tx store.Tx, s holdfast.Sighting) (store.Touch, error) {
	if s.Touch == "" {
		return tx.TouchByProvider("email", s.Message)
	}
	row, err := tx.Touch(s.Touch)
	if err == nil && row.Channel != "email" {
		err = store.ErrNotFound
	}
	return row, err
}

// takeSighting keeps one sighting and moves the ledger; told is what is to be
// emitted.
func (a *Activities) takeSighting(tx store.Tx, row store.Touch, s holdfast.Sighting) (fresh bool, told []holdfast.Message, err error) {
	now := a.Clock.Now()
	kept := store.Sighting{Key: s.Key(row.ID), Touch: row.ID, Message: s.Message, Kind: s.Kind, At: s.At, Detail: s.Detail}
	if fresh, err = tx.PutSighting(kept); err != nil || !fresh {
		return fresh, nil, err
	}
	if err := a.moveLedger(tx, row, s, now); err != nil {
		return true, nil, err
	}
	if lineWorthy(s.Kind) {
		line := touchLine(row, now)
		line.Key, line.Kind, line.Outcome, line.Reason = "sighting/"+kept.Key, "event", string(s.Kind), s.Detail
		if err := tx.AddLine(line); err != nil {
			return true, nil, err
		}
	}
	return true, ownEvents(row, s, kept.Key, now), nil
}

// lineWorthy are the kinds that people want to find on a timeline. The rest would
// bury them; `holdfast ledger show` lists every one.
func lineWorthy(k holdfast.SightingKind) bool {
	switch k {
	case holdfast.Bounced, holdfast.Blocked, holdfast.Dropped, holdfast.Complained, holdfast.Unsubscribed, holdfast.GroupUnsubscribed,
		holdfast.GroupResubscribed, holdfast.Replied, holdfast.AutoReplied:
		return true
	case holdfast.Processed, holdfast.Deferred, holdfast.Delivered, holdfast.Opened, holdfast.MachineOpened, holdfast.Clicked:
	}
	return false
}

// moveLedger settles a touch whose fate was unknown, or whose refusal was none. A
// touch that is being sent at this moment is left to whoever sends it, who reads
// the sightings when no answer comes; a final one stays what it is.
func (a *Activities) moveLedger(tx store.Tx, row store.Touch, s holdfast.Sighting, now time.Time) error {
	if row.State != holdfast.Unknown && row.State != holdfast.Released {
		return nil
	}
	if !s.Kind.Accepted() && row.State == holdfast.Released {
		return nil // it was not sent, and will be tried again
	}
	if err := settleBySighting(tx, &row, s.Kind, s.Message, now); err != nil {
		return err
	}
	if err := a.unask(tx, row, now); err != nil {
		return err
	}
	if err := tx.Wake(row.Enrollment); err != nil {
		return fmt.Errorf("wake enrollment %s: %w", row.Enrollment, err)
	}
	return nil
}

// settleBySighting writes what a provider told into the ledger and the timeline.
func settleBySighting(tx store.Tx, row *store.Touch, kind holdfast.SightingKind, message string, now time.Time) error {
	row.State, row.Reason, row.DoneAt = holdfast.Reconciled, "", now
	said := "the provider took it"
	if !kind.Accepted() {
		row.State, row.Reason, said = holdfast.Failed, "dropped", "the provider took it and did not send it"
	}
	if row.ProviderID == "" {
		row.ProviderID = message
	}
	if err := errors.Join(tx.PutTouch(*row), tx.DropDue("unconfirmed/"+row.ID)); err != nil {
		return err
	}
	line := touchLine(*row, now)
	line.Key, line.Kind, line.Outcome, line.Reason = row.ID+"/"+string(row.State), "event", string(row.State), said
	return tx.AddLine(line)
}

// unask takes back the question whether the message arrived, which has its answer.
func (a *Activities) unask(tx store.Tx, row store.Touch, now time.Time) error {
	path := row.Path + alertMark
	k, err := tx.Task(taskID(row.Enrollment, path))
	if errors.Is(err, store.ErrNotFound) || err == nil && (k.Status != "open" || row.State == holdfast.Failed) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read task at %s: %w", path, err)
	}
	k.Status, k.ClosedAt, k.Reason = "dropped", now, "the provider says that the message went"
	if err := tx.PutTask(k); err != nil {
		return fmt.Errorf("put task: %w", err)
	}
	if err := closeTouch(tx, k, now); err != nil {
		return err
	}
	return a.redraw(tx, k)
}

// ownEvents are what playbooks hear of a sighting.
func ownEvents(row store.Touch, s holdfast.Sighting, key string, now time.Time) (out []holdfast.Message) {
	// The provider's seconds must not put it before the send that it is about.
	at := s.At
	for _, sent := range []time.Time{row.SendingAt, row.DoneAt} {
		if at.Before(sent) {
			at = sent
		}
	}
	if at.After(now) {
		at = now
	}
	say := func(event string, more ...string) {
		props := map[string]any{"touch": row.ID, "step": row.Step, "playbook": row.Playbook, "enrollment": row.Enrollment}
		for i := 0; i+1 < len(more); i += 2 {
			if more[i+1] != "" {
				props[more[i]] = more[i+1]
			}
		}
		out = append(out, holdfast.Message{
			ID: key + "/" + event, Source: "system", Kind: holdfast.Track, Event: event,
			Account: row.Account, Contact: row.Contact, At: at, Props: props,
		})
	}
	kind := s.Kind
	if kind == holdfast.Dropped { // for a no that the provider knows of
		kind = map[string]holdfast.SightingKind{"bounced": holdfast.Bounced, "opted_out": holdfast.Unsubscribed, "complained": holdfast.Complained}[s.Via]
		s.Via = "sendgrid"
	}
	switch kind {
	case holdfast.Delivered:
		say(holdfast.EventDelivered)
	case holdfast.Opened:
		say(holdfast.EventOpened)
	case holdfast.Clicked:
		say(holdfast.EventClicked, "url", s.Detail)
	case holdfast.Bounced:
		say(holdfast.EventBounced, "reason", s.Detail, "email", s.Address)
	case holdfast.Complained:
		say(holdfast.EventComplained)
		say(holdfast.EventOptedOut, "via", s.Via)
	case holdfast.Unsubscribed, holdfast.GroupUnsubscribed:
		say(holdfast.EventOptedOut, "via", s.Via)
	case holdfast.GroupResubscribed:
		say(holdfast.EventOptedIn, "via", s.Via)
	case holdfast.Replied:
		say(holdfast.EventReplied)
	case holdfast.AutoReplied:
		say(holdfast.EventAutoReplied)
	case holdfast.Processed, holdfast.Deferred, holdfast.Blocked, holdfast.MachineOpened, holdfast.Dropped:
	}
	return out
}

// told settles a touch of whose send no good answer came by what the provider
// told meanwhile; settled is false when it told nothing yet. The caller answers
// with went, where somebody asks.
func (w *walk) told(row *store.Touch) (settled bool, err error) {
	if row.Channel != "email" {
		return false, nil
	}
	all, err := w.tx.SightingsOf(row.ID)
	if err != nil {
		return false, fmt.Errorf("read sightings: %w", err)
	}
	if len(all) == 0 {
		return false, nil
	}
	best := all[0]
	for _, s := range all {
		if s.Kind.Accepted() {
			best = s
			break
		}
	}
	return true, settleBySighting(w.tx, row, best.Kind, best.Message, w.now)
}

// went answers for a touch that the provider's own word has settled.
func (w *walk) went(row store.Touch) error {
	if row.State == holdfast.Reconciled {
		w.reply(row.Path, steps.Answer{Outcome: "sent"})
		return nil
	}
	w.reply(row.Path, steps.Answer{Outcome: "failed", Reason: row.Reason})
	return w.alert(row.Path, w.v.Title+" could not reach "+w.accountName(), "The provider took the message and did not send it.")
}
