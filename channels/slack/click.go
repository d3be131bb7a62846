package slack

import (
	"context"
	"errors"
	"slices"

	slackgo "github.com/slack-go/slack"

	"holdfast"
)

// What is said to people; each is mrkdwn.
const (
	saidStranger = "You are not in this project's team, so nothing was changed. Whoever keeps team.yaml can add your member id %s."
	saidGone     = "There is no such task any more."
	saidBroken   = "That did not work, and nothing was changed. Please click again."
	saidTooLate  = "Slack waits three seconds for a form, and this one took longer. Please click again."
	saidTooLong  = "This draft is longer than the 3,000 characters that a form of Slack's holds. Edit it with `holdfast tasks`, or send it as it is."
)

// clicked does what a button asks for. What changes a task is committed before it
// returns; forms and words follow.
func (a *App) clicked(ctx context.Context, at spot, action, id string) {
	if !slices.ContainsFunc(allButtons(), func(b button) bool { return b.action == action }) || !taskIDs.MatchString(id) {
		return
	}
	who, ok := a.desk.Person(at.user)
	if !ok {
		a.tell(ctx, at, strangerWords(at.user))
		return
	}
	t, err := a.desk.Task(ctx, id)
	if err != nil {
		a.refuse(ctx, at, id, err)
		return
	}
	if !t.Card.Open() {
		a.old(ctx, at, t.Card)
		return
	}
	if (action == doDone && len(t.Form) == 0) || action == doSend {
		if err := a.desk.Close(ctx, id, "done", who.ID, nil); err != nil {
			a.refuse(ctx, at, id, err)
			return
		}
		a.later(ctx, func(ctx context.Context) { a.publishHome(ctx, at.user) })
		return
	}
	if action == doEdit && length(t.Body) > maxInput {
		a.tell(ctx, at, saidTooLong)
		return
	}
	a.open(ctx, at, a.modal(action, t, who))
}

func allButtons() []button {
	var all []button
	for _, kind := range []holdfast.CardKind{holdfast.WorkCard, holdfast.ApprovalCard, holdfast.DraftCard} {
		all = append(all, buttons[kind]...)
	}
	return all
}

// old answers a click on a card of a task that is closed, and has it redrawn.
func (a *App) old(ctx context.Context, at spot, c holdfast.TaskCard) {
	a.tell(ctx, at, tooLate(c))
	if err := a.desk.Redraw(ctx, c.ID); err != nil {
		a.log.ErrorContext(ctx, "cannot ask for a card to be redrawn", "task", c.ID, "error", err)
	}
	if at.channel == "" {
		a.later(ctx, func(ctx context.Context) { a.publishHome(ctx, at.user) })
	}
}

// tooLate says who was faster.
func tooLate(c holdfast.TaskCard) string {
	return cut("*"+escape(c.Title)+"* is closed already. "+ending(c), maxContext)
}

// refuse tells why a click did nothing.
func (a *App) refuse(ctx context.Context, at spot, id string, err error) {
	switch holdfast.CodeOf(err) {
	case holdfast.NotFound:
		a.tell(ctx, at, saidGone)
	case holdfast.Conflict:
		if t, now := a.desk.Task(ctx, id); now == nil && !t.Card.Open() {
			a.old(ctx, at, t.Card)
			return
		}
		a.tell(ctx, at, escape(err.Error()))
	case holdfast.Invalid, holdfast.Unauthorized, holdfast.Unavailable:
		a.tell(ctx, at, escape(err.Error()))
	default:
		a.log.ErrorContext(ctx, "a click failed", "task", id, "error", err)
		a.tell(ctx, at, saidBroken)
	}
}

// open shows a form, or says that it came too late for one.
func (a *App) open(ctx context.Context, at spot, view slackgo.ModalViewRequest) {
	a.later(ctx, func(ctx context.Context) {
		_, err := a.channel.api.OpenViewContext(ctx, at.trigger, view)
		if err == nil {
			return
		}
		a.warn(ctx, "views.open", err)
		at.trigger = "" // it is spent
		if slices.Contains([]string{"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"}, wordOf(err)) {
			a.tell(ctx, at, saidTooLate)
			return
		}
		a.tell(ctx, at, saidBroken)
	})
}

// wordOf is Slack's word for an error, or "no_answer".
func wordOf(err error) string {
	if said, ok := errors.AsType[slackgo.SlackErrorResponse](err); ok && word.MatchString(said.Err) {
		return said.Err
	}
	if _, ok := errors.AsType[*slackgo.RateLimitedError](err); ok {
		return "rate_limited"
	}
	return "no_answer"
}
