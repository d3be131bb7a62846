package slack

import (
	"encoding/json"
	"strings"

	slackgo "github.com/slack-go/slack"

	"holdfast"
)

// What a button asks for: the action_id of a click, and the callback_id of the
// modal that it opens.
const (
	doDone     = "holdfast_done"
	doCannot   = "holdfast_cannot"
	doSnooze   = "holdfast_snooze"
	doReassign = "holdfast_reassign"
	doApprove  = "holdfast_approve"
	doDeny     = "holdfast_deny"
	doSend     = "holdfast_send"
	doEdit     = "holdfast_edit"
	doWithhold = "holdfast_withhold"
)

// button of a card. primary and danger are Slack's styles.
type button struct {
	action, text string
	style        slackgo.Style
}

// buttons of each kind of card, in their order.
var buttons = map[holdfast.CardKind][]button{
	holdfast.WorkCard: {
		{doDone, "Done", slackgo.StylePrimary},
		{doSnooze, "Snooze", slackgo.StyleDefault},
		{doCannot, "Can't do", slackgo.StyleDefault},
		{doReassign, "Reassign", slackgo.StyleDefault},
	},
	holdfast.ApprovalCard: {
		{doApprove, "Approve", slackgo.StylePrimary},
		{doDeny, "Deny", slackgo.StyleDanger},
	},
	holdfast.DraftCard: {
		{doSend, "Send", slackgo.StylePrimary},
		{doEdit, "Edit", slackgo.StyleDefault},
		{doWithhold, "Don't send", slackgo.StyleDanger},
	},
}

// notification is what phones and screen readers show; never empty.
func notification(m holdfast.Outbound) string {
	t := m.Task
	switch {
	case t != nil && !t.Open():
		return cut(closed(*t)+": "+escape(t.Title), maxText)
	case strings.TrimSpace(m.Text) != "":
		return cut(m.Text, maxText)
	case t == nil:
		return ""
	}
	return cut(strings.TrimSpace("Task: "+escape(t.Title)+" "+moment(t.Due)), maxText)
}

// card shows a task: what, for whom, why, by when and how; and what can be done
// about it, or who did it. The brief gives way where the whole would be too long.
func card(t holdfast.TaskCard) []slackgo.Block {
	for most := maxSection; ; most = most * 2 / 3 {
		if blocks := cardWith(t, most); fits(blocks) || most < 20 {
			return blocks
		}
	}
}

// fits reports whether a message may have these blocks.
func fits(blocks any) bool {
	p, err := json.Marshal(blocks)
	return err != nil || len(p) <= maxBlocks
}

// cardWith cuts each text of t to most characters, or to its own limit.
func cardWith(t holdfast.TaskCard, most int) []slackgo.Block {
	title := escape(strings.TrimSpace(t.Title))
	if title == "" {
		title = "Task"
	}
	blocks := []slackgo.Block{slackgo.NewHeaderBlock(plain(title, maxHeader))}
	if about := about(t); about != "" {
		blocks = append(blocks, slackgo.NewContextBlock("", mrkdwn(cut(about, min(most, maxContext)))))
	}
	if t.Reason != "" {
		blocks = append(blocks, slackgo.NewContextBlock("", mrkdwn(cut(person(t.Owner)+" has it: "+escape(t.Reason), min(most, maxContext)))))
	}
	if t.Why != "" {
		blocks = append(blocks, slackgo.NewContextBlock("", mrkdwn(cut("Why: "+escape(t.Why), min(most, maxContext)))))
	}
	if when := when(t); when != "" {
		blocks = append(blocks, slackgo.NewSectionBlock(mrkdwn(when), nil, nil))
	}
	if asked := request(t, min(most, maxField)); len(asked) > 0 {
		blocks = append(blocks, slackgo.NewSectionBlock(nil, asked, nil))
	}
	if t.Subject != "" {
		blocks = append(blocks, slackgo.NewSectionBlock(mrkdwn(cut("*Subject* "+escape(t.Subject), min(most, maxSection))), nil, nil))
	}
	if brief := strings.TrimSpace(t.Brief); brief != "" {
		blocks = append(blocks, slackgo.NewSectionBlock(mrkdwn(cut(brief, most)), nil, nil))
	}
	if !t.Open() {
		return append(blocks, slackgo.NewContextBlock("", mrkdwn(cut(ending(t), min(most, maxContext)))))
	}
	if row := row(t); row != nil {
		blocks = append(blocks, row)
	}
	return blocks
}

func about(t holdfast.TaskCard) string {
	var parts []string
	for _, p := range []string{escape(t.Account), escape(t.Playbook), person(t.Owner)} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " · ")
}

// when is what a reader needs to know of its time.
func when(t holdfast.TaskCard) string {
	var parts []string
	switch {
	case t.Due.IsZero():
	case t.Overdue && t.Open():
		parts = append(parts, ":warning: *Overdue* since "+moment(t.Due))
	default:
		parts = append(parts, "*Due* "+moment(t.Due))
	}
	if !t.Snoozed.IsZero() && t.Open() {
		parts = append(parts, "put off until "+moment(t.Snoozed))
	}
	return strings.Join(parts, " · ")
}

// request are the facts of an approval.
func request(t holdfast.TaskCard, most int) []*slackgo.TextBlockObject {
	var fields []*slackgo.TextBlockObject
	for _, f := range [][2]string{{"Amount", escape(t.Amount)}, {"In exchange", escape(t.InExchange)}, {"Asked by", person(t.AskedBy)}} {
		if f[1] != "" {
			fields = append(fields, mrkdwn(cut("*"+f[0]+"*\n"+f[1], most)))
		}
	}
	return fields
}

// row are the buttons of an open card; nil for one that has no id to click for.
func row(t holdfast.TaskCard) slackgo.Block {
	if t.ID == "" {
		return nil
	}
	var all []slackgo.BlockElement
	for _, b := range buttons[t.Kind] {
		text := b.text
		if b.action == doDone && t.Form {
			text += " …" // it asks something
		}
		all = append(all, slackgo.NewButtonBlockElement(b.action, t.ID, plain(text, maxButton)).WithStyle(b.style))
	}
	if len(all) == 0 {
		return nil
	}
	return slackgo.NewActionBlock("task_"+t.ID, all...)
}

// closedWords are how a card of each kind ended.
var closedWords = map[holdfast.CardKind]map[string]string{
	holdfast.WorkCard:     {"done": "Done", "cannot": "Cannot be done"},
	holdfast.ApprovalCard: {"done": "Approved", "cannot": "Denied"},
	holdfast.DraftCard:    {"done": "Sent", "cannot": "Not sent"},
}

// closed is how t ended, in a word or two.
func closed(t holdfast.TaskCard) string {
	if said := closedWords[t.Kind][t.Status]; said != "" {
		return said
	}
	switch t.Status {
	case "expired":
		return "Expired"
	case "dropped":
		return "No longer needed"
	case "reassigned":
		return "Somebody else has it now"
	}
	return "Closed"
}

// ending says who ended t, when and why.
func ending(t holdfast.TaskCard) string {
	mark := ":heavy_minus_sign: "
	switch t.Status {
	case "done":
		mark = ":white_check_mark: "
	case "cannot":
		mark = ":x: "
	}
	said := mark + "*" + closed(t) + "*"
	if t.ClosedBy != "" {
		said += " by " + person(t.ClosedBy)
	}
	if !t.ClosedAt.IsZero() {
		said += " on " + moment(t.ClosedAt)
	}
	if t.ClosedReason != "" {
		said += " · " + escape(t.ClosedReason)
	}
	return said
}
