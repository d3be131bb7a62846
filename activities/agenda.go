package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/store"
)

// Kinds of dues that are about people's work. Activities are a source of what the
// clock brings: Next and Fire act on these.
const (
	lateKind = "late" // an open task is to be looked at
	leftKind = "left" // somebody who has open tasks is gone
	cardKind = "hand" // a card of an enrollment that is over is to be handed out
)

var agenda = []string{lateKind, leftKind, cardKind}

// Next is when people's work needs looking at by the clock alone.
func (a *Activities) Next(ctx context.Context) (next time.Time, ok bool, err error) {
	err = a.Store.View(ctx, func(tx store.Tx) error {
		next, ok, err = tx.NextDue(agenda...)
		return err
	})
	return next, ok && err == nil, err
}

// page is how many dues are acted on in one transaction.
const page = 64

// Fire acts on what is due at now: tasks that are late, and people who have left,
// then cards. It may be called again after any crash.
func (a *Activities) Fire(ctx context.Context, now time.Time) error {
	for more := true; more; {
		err := a.Store.Update(ctx, func(tx store.Tx) error {
			ds, err := tx.DueBefore(now, page, lateKind, leftKind)
			if err != nil {
				return err
			}
			more = len(ds) > 0 // one that was looked at may be due again
			for _, d := range ds {
				if err := errors.Join(tx.DropDue(d.Key), a.fire(tx, d, now)); err != nil {
					return fmt.Errorf("due %s: %w", d.Key, err)
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("look at people's work: %w", err)
		}
	}
	a.Poke()
	return a.handDue(ctx, now)
}

func (a *Activities) fire(tx store.Tx, d store.Due, now time.Time) error {
	var about watched
	if err := json.Unmarshal(d.Data, &about); err != nil {
		return fmt.Errorf("read its data: %w", err)
	}
	if d.Kind == leftKind {
		return a.leave(tx, about.Task, now)
	}
	return a.late(tx, about, now)
}

// handDue hands out the cards of enrollments that are over. One that nobody takes
// now is tried again.
func (a *Activities) handDue(ctx context.Context, now time.Time) error {
	var ds []store.Due
	err := a.Store.View(ctx, func(tx store.Tx) (err error) {
		ds, err = tx.DueBefore(now, page, cardKind)
		return err
	})
	if err != nil {
		return fmt.Errorf("read cards that are due: %w", err)
	}
	for _, d := range ds {
		retry, err := a.handCard(ctx, store.Touch{ID: strings.TrimPrefix(d.Key, cardKind+"/")})
		if err != nil {
			return fmt.Errorf("hand out %s: %w", d.Key, err)
		}
		err = a.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
			if retry.IsZero() {
				return tx.DropDue(d.Key)
			}
			d.At = retry
			return tx.PutDue(d)
		})
		if err != nil {
			return fmt.Errorf("put off %s: %w", d.Key, err)
		}
	}
	return nil
}

// handLater has a card handed out that this transaction claims: by its enrollment
// or, where that is over, by the agenda.
func (a *Activities) handLater(tx store.Tx, enrollment, card string, now time.Time) error {
	e, err := tx.Enrollment(enrollment)
	if err != nil {
		return fmt.Errorf("read enrollment %s: %w", enrollment, err)
	}
	if e.Status == "active" {
		return tx.Wake(enrollment)
	}
	return tx.PutDue(store.Due{Key: cardKind + "/" + card, Kind: cardKind, At: now, Account: e.Account, Data: []byte("{}")})
}

// foresee asks the agenda to move the work of k's owner on the day they leave.
func (a *Activities) foresee(tx store.Tx, k store.Task) error {
	p := a.Project()
	who := p.known(k.Owner)
	if who.Left.IsZero() || !p.there(who.Person, a.Clock.Now()) {
		return nil
	}
	y, m, d := who.Left.Date()
	at := calendar.StartOfDay(time.Date(y, m, d, 12, 0, 0, 0, p.ours(who).zone))
	if !at.After(a.Clock.Now()) {
		return nil
	}
	data, err := json.Marshal(watched{Task: who.ID})
	if err != nil {
		return err
	}
	return tx.PutDue(store.Due{Key: leftKind + "/" + who.ID, Kind: leftKind, At: at.UTC(), Data: data})
}

// leave gives the open tasks of somebody who is gone to whoever stands in.
func (a *Activities) leave(tx store.Tx, person string, now time.Time) error {
	open, err := tx.Tasks("", person, "open", 0)
	if err != nil {
		return fmt.Errorf("read the tasks of %s: %w", person, err)
	}
	for _, k := range open {
		if _, err := a.standIn(tx, k, now); err != nil {
			return err
		}
	}
	return nil
}

// HandOver gives the open tasks of people who left, or who are in the team no
// more, to whoever stands in for them, each once: it is for the moment at which a
// project is taken over. Who is away keeps what they have until it is late.
func (a *Activities) HandOver(ctx context.Context) error {
	err := a.Store.Update(ctx, func(tx store.Tx) error {
		open, err := tx.Tasks("", "", "open", 0)
		if err != nil {
			return err
		}
		now, p := a.Clock.Now(), a.Project()
		for _, k := range open {
			who := p.known(k.Owner)
			if why, _ := p.gone(who.Person, now); who.Channel == "" && !hasLeft(why) {
				err = a.foresee(tx, k)
			} else {
				_, err = a.standIn(tx, k, now)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("hand over the tasks of people who left: %w", err)
	}
	a.Poke()
	return nil
}

// standIn moves k to whoever stands in for its owner, when that is somebody else.
func (a *Activities) standIn(tx store.Tx, k store.Task, now time.Time) (store.Task, error) {
	p := a.Project()
	was := p.known(k.Owner)
	to := p.present(was, now)
	r, err := tx.Approval(k.ID)
	switch {
	case err == nil:
		to = p.instead(was, r, now)
	case !errors.Is(err, store.ErrNotFound):
		return k, fmt.Errorf("read approval %s: %w", k.ID, err)
	case was.Channel != "" && !strings.HasPrefix(k.Owner, "#"):
		to = p.present(p.fallback("unknown_owner "+k.Owner), now)
	}
	if to.id() == k.Owner || to.id() == "" {
		return k, nil
	}
	return a.move(tx, k, to, store.Line{At: now, Reason: to.Reason})
}

// move gives open task k to somebody else: the old card is redrawn, a new one is
// owed, and a request asks them. line says when and why.
func (a *Activities) move(tx store.Tx, k store.Task, to someone, line store.Line) (store.Task, error) {
	if err := retire(tx, k, line.At); err != nil {
		return k, err
	}
	from := k.Owner
	k.Owner, k.OwnerReason = to.id(), to.Reason
	if err := tx.PutTask(k); err != nil {
		return k, fmt.Errorf("put task: %w", err)
	}
	if r, err := tx.Approval(k.ID); err == nil {
		r.Approver = k.Owner
		if err := tx.PutApproval(r); err != nil {
			return k, fmt.Errorf("put approval: %w", err)
		}
	} else if !errors.Is(err, store.ErrNotFound) {
		return k, fmt.Errorf("read approval %s: %w", k.ID, err)
	}
	row, err := tx.Touch(cardID(k))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return k, fmt.Errorf("read card: %w", err)
	}
	if err != nil || row.State == holdfast.Skipped || row.State == holdfast.Failed { // not one that they have already
		if err := errors.Join(owe(tx, k, line.At), a.handLater(tx, k.Enrollment, cardID(k), line.At)); err != nil {
			return k, err
		}
	}
	line.Key = fmt.Sprintf("%s/moved/%s/%d", k.ID, k.Owner, line.At.UnixMicro())
	line.Account, line.Playbook, line.Enrollment, line.Step, line.Path = k.Account, k.Playbook, k.Enrollment, k.Step, k.Path
	line.Kind, line.Channel, line.To, line.Outcome = "task", k.Channel, k.Owner, "reassigned"
	line.Reason = joinNonEmpty("from "+from, line.Reason)
	return k, errors.Join(tx.AddLine(line), a.redraw(tx, k), a.replan(tx, k), a.foresee(tx, k))
}

// retire takes back the card of k's owner that was not handed out.
func retire(tx store.Tx, k store.Task, now time.Time) error {
	row, err := tx.Touch(cardID(k))
	if errors.Is(err, store.ErrNotFound) || (err == nil && row.State != holdfast.Claimed) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read card: %w", err)
	}
	row.State, row.Reason, row.DoneAt = holdfast.Skipped, "reassigned", now
	return tx.PutTouch(row)
}
