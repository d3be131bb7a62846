package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"holdfast"
)

// submitted does what a form asks for, before it is answered: Slack closes the
// form on nothing, and shows mistakes beside their fields.
func (a *App) submitted(ctx context.Context, in slackgo.InteractionCallback) (Reply, error) {
	action, id := in.View.CallbackID, in.View.PrivateMetadata
	if !slices.ContainsFunc(allButtons(), func(b button) bool { return b.action == action }) || !taskIDs.MatchString(id) {
		return nil, nil
	}
	who, ok := a.desk.Person(in.User.ID)
	if !ok {
		return instead(strangerWords(in.User.ID))
	}
	t, err := a.desk.Task(ctx, id)
	if err != nil {
		return a.failed(ctx, id, "", err)
	}
	if !t.Card.Open() {
		return instead(tooLate(t.Card))
	}
	v := valuesOf(in.View)
	block, err := a.act(ctx, action, t, who, v)
	if err != nil {
		if named := blockNamed(action, err, v); named != "" {
			block = named
		}
		return a.failed(ctx, id, block, err)
	}
	a.later(ctx, func(ctx context.Context) { a.publishHome(ctx, in.User.ID) })
	return nil, nil
}

// act does it. block is where a mistake without a name of its own is shown.
func (a *App) act(ctx context.Context, action string, t Task, who Person, v values) (block string, err error) {
	id, reason := t.Card.ID, v.text(blockReason)
	switch action {
	case doDone:
		if len(t.Form) > 0 {
			block = questionPrefix + t.Form[0].Name
		}
		return block, a.desk.Close(ctx, id, "done", who.ID, v.answers(t.Form))
	case doCannot, doWithhold:
		return blockReason, a.desk.Close(ctx, id, "cannot", who.ID, map[string]any{"reason": reason})
	case doApprove:
		answers := map[string]any{}
		if note := v.text(blockNote); note != "" {
			answers["note"] = note
		}
		return blockNote, a.desk.Close(ctx, id, "done", who.ID, answers)
	case doDeny:
		return blockReason, a.desk.Close(ctx, id, "cannot", who.ID, map[string]any{"note": reason})
	case doEdit:
		return blockBody, a.desk.Close(ctx, id, "done", who.ID, map[string]any{"subject": v.text(blockSubject), "body": v.text(blockBody)})
	case doSnooze:
		until, block, err := a.chosenTime(v, who)
		if err != nil {
			return block, err
		}
		return block, a.desk.Snooze(ctx, id, who.ID, until, reason)
	case doReassign:
		return blockTo, a.desk.Reassign(ctx, id, v.chosen(blockTo), who.ID, reason)
	}
	return "", holdfast.Errorf(holdfast.Invalid, "there is no form for %s", strings.TrimPrefix(action, "holdfast_"))
}

// failed answers a form that did nothing: beside its field, or in place of it.
func (a *App) failed(ctx context.Context, id, block string, err error) (Reply, error) {
	switch code := holdfast.CodeOf(err); {
	case code == holdfast.Conflict:
		if t, now := a.desk.Task(ctx, id); now == nil && !t.Card.Open() {
			return instead(tooLate(t.Card))
		}
		return instead(escape(err.Error()))
	case code == holdfast.NotFound:
		return instead(saidGone)
	case code == holdfast.Unauthorized || code != "" && block == "":
		return instead(escape(err.Error()))
	case code != "":
		return json.Marshal(slackgo.NewErrorsViewSubmissionResponse(map[string]string{block: cut(err.Error(), maxLabel)}))
	}
	a.log.ErrorContext(ctx, "a form failed", "task", id, "error", err)
	if block == "" {
		return instead(saidBroken)
	}
	return json.Marshal(slackgo.NewErrorsViewSubmissionResponse(map[string]string{block: "That did not work, and nothing was changed. Please try again."}))
}

// instead shows words in place of the form.
func instead(said string) (Reply, error) {
	v := notice(said)
	return json.Marshal(slackgo.NewUpdateViewSubmissionResponse(&v))
}

// blockNamed is the field that an error begins with, as in `"seats" needs an
// answer`; "" when the form has no such field.
func blockNamed(action string, err error, v values) string {
	quoted, bad := strconv.QuotedPrefix(err.Error())
	name, worse := strconv.Unquote(quoted)
	if bad != nil || worse != nil {
		return ""
	}
	if action == doDone {
		name = questionPrefix + name
	}
	if _, there := v[name]; !there {
		return ""
	}
	return name
}

// preset is a moment that a task may come back at.
type preset struct {
	value, text string
	days        int
	monday      bool // the one after
	date        bool // the date that was picked
}

var presets = []preset{
	{value: "tomorrow", text: "Tomorrow", days: 1},
	{value: "three_days", text: "In 3 days", days: 3},
	{value: "next_week", text: "Next week", monday: true},
	{value: "date", text: "A date", date: true},
}

// morning is when a task comes back, by the clock of who put it off.
const morning = 9

// at is when p ends, in now's zone: on a working day.
func (p preset) at(now time.Time) time.Time {
	day := now.AddDate(0, 0, p.days)
	if p.monday {
		day = now.AddDate(0, 0, 1)
	}
	for weekend(day) || p.monday && day.Weekday() != time.Monday {
		day = day.AddDate(0, 0, 1)
	}
	return time.Date(day.Year(), day.Month(), day.Day(), morning, 0, 0, 0, now.Location())
}

func weekend(t time.Time) bool { return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday }

// chosenTime reads until when a task is put off; block is where a mistake is.
func (a *App) chosenTime(v values, who Person) (until time.Time, block string, err error) {
	i := slices.IndexFunc(presets, func(p preset) bool { return p.value == v.chosen(blockUntil) })
	now := a.clock.Now().In(who.zone())
	switch {
	case i < 0:
		return until, blockUntil, holdfast.Errorf(holdfast.Invalid, "say until when")
	case !presets[i].date:
		return presets[i].at(now), blockUntil, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, v.date(blockDate), who.zone())
	if err != nil {
		return until, blockDate, holdfast.Errorf(holdfast.Invalid, "pick a date")
	}
	until = time.Date(day.Year(), day.Month(), day.Day(), morning, 0, 0, 0, who.zone())
	if !until.After(now) {
		return until, blockDate, holdfast.Errorf(holdfast.Invalid, "pick a day to come")
	}
	return until, blockDate, nil
}

func (p Person) zone() *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}

// strangerWords say kindly that somebody is not of the team.
func strangerWords(user string) string {
	if !memberID.MatchString(user) {
		user = ""
	}
	return fmt.Sprintf(saidStranger, user)
}
