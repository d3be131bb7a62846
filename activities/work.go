package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/facts"
	"holdfast/internal/store"
	"holdfast/steps"
)

// Work is a task as people see it: its card, what is asked when it is done, and
// the text of a draft, which is Markdown.
type Work struct {
	Card holdfast.TaskCard
	Form []steps.Question
	Body string
}

// Work is a task as it is now; the error is not_found when there is none.
func (a *Activities) Work(ctx context.Context, id string) (out Work, err error) {
	err = a.Store.View(ctx, func(tx store.Tx) error {
		k, err := tx.Task(id)
		if errors.Is(err, store.ErrNotFound) {
			return holdfast.Errorf(holdfast.NotFound, "there is no task %q", id)
		}
		if err != nil {
			return fmt.Errorf("read task %s: %w", id, err)
		}
		out, err = a.work(tx, k)
		return err
	})
	return out, err
}

// OpenWork are the cards of a person's or an account's open tasks, the first due
// first; "" does not narrow.
func (a *Activities) OpenWork(ctx context.Context, account, owner string) (out []holdfast.TaskCard, err error) {
	err = a.Store.View(ctx, func(tx store.Tx) error {
		out = nil
		all, err := tx.Tasks(account, owner, "open", 0)
		if err != nil {
			return fmt.Errorf("read open tasks: %w", err)
		}
		for _, k := range all {
			w, err := a.work(tx, k)
			if err != nil {
				return err
			}
			out = append(out, w.Card)
		}
		return nil
	})
	return out, err
}

// work reads what a card shows.
func (a *Activities) work(tx store.Tx, k store.Task) (Work, error) {
	now, p := a.Clock.Now(), a.Project()
	c := holdfast.TaskCard{
		ID: k.ID, Title: k.Title, Brief: k.Brief, Account: k.Account, Playbook: k.Playbook, Owner: p.nameOf(k.Owner), Due: k.Due(), Reason: k.OwnerReason,
		Overdue: k.Status == "open" && !k.DueAt.IsZero() && now.After(k.Due()),
	}
	// A schema that was broken meanwhile hides a name, not the work.
	if f, err := facts.Load(tx, a.Rules(), k.Account, "", now); err == nil && text(f.Account, "name") != "" {
		c.Account = text(f.Account, "name")
	}
	var err error
	if c.Why, err = why(tx, k); err != nil {
		return Work{}, err
	}
	out := Work{}
	if k.SnoozedUntil.After(now) {
		c.Snoozed = k.SnoozedUntil
	}
	if k.Status != "open" {
		c.Status, c.ClosedBy, c.ClosedAt = k.Status, p.nameOf(k.ClosedBy), k.ClosedAt
		if k.Status != "done" && !strings.HasPrefix(k.Reason, "missing_variable") {
			c.ClosedReason = k.Reason
		}
	} else if out.Form, err = a.form(tx, k); err != nil {
		out.Form = nil // its version is broken: what is known is shown still
	}
	switch r, err := tx.Approval(k.ID); {
	case err == nil:
		out.Form = nil
		c.Kind, c.Amount, c.InExchange, c.AskedBy = holdfast.ApprovalCard, r.Amount, r.InExchange, p.nameOf(r.RequestedBy)
		c.Brief = strings.TrimPrefix(c.Brief, strings.TrimSpace(approvalFacts(r)))
		if r.DecidedBy != "" {
			c.ClosedReason = r.Note
		}
	case !errors.Is(err, store.ErrNotFound):
		return Work{}, fmt.Errorf("read approval %s: %w", k.ID, err)
	case k.Channel == reviewChannel:
		c.Kind, c.Subject = holdfast.DraftCard, strings.TrimPrefix(k.Title, draftTitle)
		out.Body = draftBody(k.Brief)
	default:
		c.Form = len(out.Form) > 0
	}
	out.Card = c
	return out, nil
}

// nameOf is how people know somebody, of the team or not.
func (p Project) nameOf(id string) string {
	if one, ok := p.person(id); ok {
		return someone{Person: one}.name()
	}
	return id
}

// why is what brought the account into the playbook, in words; "" when that is
// not on the timeline.
func why(tx store.Tx, k store.Task) (string, error) {
	lines, err := tx.LinesOf(k.Enrollment)
	if err != nil {
		return "", fmt.Errorf("read the timeline of %s: %w", k.Enrollment, err)
	}
	for _, l := range lines {
		if l.Kind == "enroll" {
			if _, words, ok := strings.Cut(l.Reason, ": "); ok {
				return words, nil
			}
			return l.Reason, nil
		}
	}
	return "", nil
}

// draftTitle begins the title of a task that shows a draft.
const draftTitle = "Review: "

// draftBody is what a reviewer may change of the draft that a brief shows: not
// the footer, which the layout adds.
func draftBody(brief string) string {
	body := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(brief)
	if i := strings.LastIndex(body, "\n-- \n"); i >= 0 {
		body = body[:i]
	}
	return strings.TrimSpace(body)
}

// card is how a channel is told of task k. A title is plain text, a brief is
// mrkdwn; the channel escapes names.
func (a *Activities) card(tx store.Tx, row store.Touch, k store.Task) (holdfast.Outbound, error) {
	w, err := a.work(tx, k)
	if err != nil {
		return holdfast.Outbound{}, err
	}
	if k.Status == "open" && row.Recipient != k.Owner {
		w.Card.Status = "reassigned" // another has it now, and a card of their own
	} else if w.Card, err = a.answerable(tx, k, w.Card); err != nil {
		return holdfast.Outbound{}, err
	}
	return holdfast.Outbound{
		Touch: row.ID, Channel: row.Channel, Account: k.Account, Contact: k.Contact, Enrollment: k.Enrollment,
		To: a.Project().reach(row.Recipient), Text: mrkdwn(k.Title), At: a.Clock.Now(), Task: &w.Card,
	}, nil
}

// answerable is c, the card of k, with the buttons of the request or the draft that
// k says is late: whoever hears of it can answer there. Other work is closed on its
// own card, by who has it.
func (a *Activities) answerable(tx store.Tx, k store.Task, c holdfast.TaskCard) (holdfast.TaskCard, error) {
	path, _, late := strings.Cut(k.Path, overdueMark)
	if !late || !isAlert(k) {
		return c, nil
	}
	about, err := tx.Task(taskID(k.Enrollment, path))
	if errors.Is(err, store.ErrNotFound) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("read what is late: %w", err)
	}
	w, err := a.work(tx, about)
	if err != nil || w.Card.Kind == holdfast.WorkCard || w.Card.Open() && !c.Open() {
		return c, err
	}
	w.Card.Title, w.Card.Reason = c.Title, c.Reason
	w.Card.Brief = strings.TrimSpace(c.Brief + "\n\n" + w.Card.Brief)
	return w.Card, nil
}

// reach is where one of ours, or a #channel, gets messages.
func (p Project) reach(recipient string) holdfast.Address {
	if one, ok := p.person(recipient); ok {
		return someone{Person: one}.address()
	}
	return someone{Channel: recipient}.address()
}

// zoneOf is the clock that one of ours lives by.
func (p Project) zoneOf(id string) *time.Location {
	one, _ := p.person(id)
	return p.place(someone{Person: one}.zone(), nil, nil).zone
}
