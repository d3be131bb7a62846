package slack

import (
	"fmt"
	"slices"
	"strings"

	slackgo "github.com/slack-go/slack"

	"holdfast"
)

// The blocks of our forms; a question of a task's own form is questionPrefix and
// its name.
const (
	blockReason    = "reason"
	blockNote      = "note"
	blockUntil     = "until"
	blockDate      = "date"
	blockTo        = "to"
	blockSubject   = "subject"
	blockBody      = "body"
	questionPrefix = "q_"
	answerAction   = "answer" // action_id of each input
)

// maxQuestions is as many as a modal holds, which has 100 blocks.
const maxQuestions = 95

// modal is the form that a button opens. Its private metadata is the task's id
// and nothing else.
func (a *App) modal(action string, t Task, who Person) slackgo.ModalViewRequest {
	blocks := []slackgo.Block{subjectOf(t.Card)}
	title, submit := "Done", "Done"
	switch action {
	case doDone:
		for _, q := range t.Form[:min(len(t.Form), maxQuestions)] {
			blocks = append(blocks, input(q))
		}
	case doCannot:
		title, submit = "Cannot be done", "Close it"
		blocks = append(blocks, words(blockReason, "Why can it not be done?", "", true))
	case doSnooze:
		title, submit = "Put it off", "Snooze"
		blocks = append(blocks, a.until(who)...)
		blocks = append(blocks, words(blockReason, "Why?", "", true))
	case doReassign:
		title, submit = "Give it to somebody", "Reassign"
		blocks = append(blocks, a.people(t.Card), words(blockReason, "Why?", "", true))
	case doApprove:
		title, submit = "Approve", "Approve"
		if asked := request(t.Card, maxField); len(asked) > 0 {
			blocks = append(blocks, slackgo.NewSectionBlock(nil, asked, nil))
		}
		blocks = append(blocks, words(blockNote, "A note, if you like", "", false))
	case doDeny:
		title, submit = "Deny", "Deny"
		blocks = append(blocks, words(blockReason, "Why?", "", true))
	case doEdit:
		title, submit = "Edit and send", "Send it"
		blocks = append(blocks, line(blockSubject, "Subject", t.Card.Subject), words(blockBody, "Text", t.Body, true))
	case doWithhold:
		title, submit = "Do not send it", "Don't send"
		blocks = append(blocks, words(blockReason, "Why?", "", true))
	}
	return slackgo.ModalViewRequest{
		Type: slackgo.VTModal, CallbackID: action, PrivateMetadata: t.Card.ID,
		Title: plain(title, maxTitle), Submit: plain(submit, maxTitle), Close: plain("Cancel", maxTitle),
		Blocks: slackgo.Blocks{BlockSet: blocks},
	}
}

// subjectOf reminds of what a form is about.
func subjectOf(c holdfast.TaskCard) slackgo.Block {
	about := "*" + escape(c.Title) + "*"
	if c.Account != "" {
		about += " · " + escape(c.Account)
	}
	return slackgo.NewContextBlock("", mrkdwn(cut(about, maxContext)))
}

// notice is a modal that only says something.
func notice(said string) slackgo.ModalViewRequest {
	return slackgo.ModalViewRequest{
		Type: slackgo.VTModal, CallbackID: "holdfast_notice", Title: plain("Holdfast", maxTitle), Close: plain("Close", maxTitle),
		Blocks: slackgo.Blocks{BlockSet: []slackgo.Block{slackgo.NewSectionBlock(mrkdwn(cut(said, maxSection)), nil, nil)}},
	}
}

// words asks for free text of several lines.
func words(block, label, now string, required bool) slackgo.Block {
	e := slackgo.NewPlainTextInputBlockElement(nil, answerAction).WithMultiline(true).WithMaxLength(maxInput)
	e.InitialValue = now
	return slackgo.NewInputBlock(block, plain(label, maxLabel), nil, e).WithOptional(!required)
}

// line asks for one line.
func line(block, label, now string) slackgo.Block {
	e := slackgo.NewPlainTextInputBlockElement(nil, answerAction).WithMaxLength(maxInput)
	e.InitialValue = cut(now, maxInput)
	return slackgo.NewInputBlock(block, plain(label, maxLabel), nil, e)
}

// until asks when a task should come back.
func (a *App) until(who Person) []slackgo.Block {
	var options []*slackgo.OptionBlockObject
	for _, p := range presets {
		text := p.text
		if !p.date {
			text = fmt.Sprintf("%s (%s)", p.text, p.at(a.clock.Now().In(who.zone())).Format("Mon 2 Jan"))
		}
		options = append(options, slackgo.NewOptionBlockObject(p.value, plain(text, maxOption), nil))
	}
	choice := slackgo.NewRadioButtonsBlockElement(answerAction, options...)
	choice.InitialOption = options[0]
	day := slackgo.NewInputBlock(blockDate, plain("The date", maxLabel), plain("For “A date” alone.", maxLabel), slackgo.NewDatePickerBlockElement(answerAction))
	return []slackgo.Block{
		slackgo.NewInputBlock(blockUntil, plain("Until when?", maxLabel), nil, choice),
		day.WithOptional(true),
	}
}

// people asks for one of the team, but for whom it is with now. More than a
// hundred are parted into groups.
func (a *App) people(c holdfast.TaskCard) slackgo.Block {
	team := slices.Clone(a.desk.Team())
	slices.SortFunc(team, func(x, y Person) int { return strings.Compare(strings.ToLower(x.name()), strings.ToLower(y.name())) })
	var options []*slackgo.OptionBlockObject
	for _, p := range team {
		if len(p.ID) <= maxOption && p.name() != c.Owner {
			options = append(options, slackgo.NewOptionBlockObject(p.ID, plain(p.name(), maxOption), nil))
		}
	}
	if len(options) == 0 {
		options = append(options, slackgo.NewOptionBlockObject("nobody", plain("There is nobody else", maxOption), nil))
	}
	e := slackgo.NewOptionsSelectBlockElement(slackgo.OptTypeStatic, plain("One of the team", maxHint), answerAction)
	if len(options) <= maxChoices {
		e.Options = options
	} else {
		for group := range slices.Chunk(options[:min(len(options), maxChoices*maxChoices)], maxChoices) {
			label := group[0].Text.Text + " – " + group[len(group)-1].Text.Text
			e.OptionGroups = append(e.OptionGroups, slackgo.NewOptionGroupBlockElement(plain(label, maxOption), group...))
		}
	}
	return slackgo.NewInputBlock(blockTo, plain("Who?", maxLabel), nil, e)
}

func (p Person) name() string {
	if p.Name != "" {
		return p.Name
	}
	return p.ID
}
