package slack

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"

	slackgo "github.com/slack-go/slack"

	"holdfast"
)

// Slack's limits, from the JSDoc of @slack/types 3.2.0. A message's text is cut
// by Slack at 40,000; 4,000 is what its own advice asks for.
const (
	maxText    = 4000
	maxHeader  = 150
	maxSection = 3000
	maxContext = 2000
)

// notification is what phones and screen readers show; never empty.
func notification(m holdfast.Outbound) string {
	if strings.TrimSpace(m.Text) != "" {
		return cut(m.Text, maxText)
	}
	return cut(strings.TrimSpace("Task: "+escape(m.Task.Title)+" "+due(m.Task.Due)), maxText)
}

// card shows a task: what, for whom, by when, and how.
func card(t holdfast.TaskCard) []slackgo.Block {
	title := escape(strings.TrimSpace(t.Title))
	if title == "" {
		title = "Task"
	}
	blocks := []slackgo.Block{
		slackgo.NewHeaderBlock(slackgo.NewTextBlockObject(slackgo.PlainTextType, cut(title, maxHeader), false, false)),
	}
	if about := about(t); about != "" {
		blocks = append(blocks, slackgo.NewContextBlock("", mrkdwn(cut(about, maxContext))))
	}
	if !t.Due.IsZero() {
		blocks = append(blocks, slackgo.NewSectionBlock(mrkdwn("*Due* "+due(t.Due)), nil, nil))
	}
	if brief := strings.TrimSpace(t.Brief); brief != "" {
		blocks = append(blocks, slackgo.NewSectionBlock(mrkdwn(cut(brief, maxSection)), nil, nil))
	}
	return blocks
}

// mrkdwn is verbatim: Slack makes no links of bare addresses and channel names.
func mrkdwn(s string) *slackgo.TextBlockObject {
	return slackgo.NewTextBlockObject(slackgo.MarkdownType, s, false, true)
}

var slackUser = regexp.MustCompile(`^[UW][A-Z0-9]{7,}$`)

func about(t holdfast.TaskCard) string {
	owner := escape(t.Owner)
	if slackUser.MatchString(t.Owner) {
		owner = "<@" + t.Owner + ">"
	}
	var parts []string
	for _, p := range []string{escape(t.Account), escape(t.Playbook), owner} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " · ")
}

// due is shown in each reader's own time zone.
func due(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", t.Unix(), t.UTC().Format("2 Jan 2006 15:04 UTC"))
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// cut shortens s to n characters as Slack counts them (UTF-16), with an
// ellipsis, and never inside an entity or a link.
func cut(s string, n int) string {
	if len(utf16.Encode([]rune(s))) <= n {
		return s
	}
	units, end := 0, 0
	for i, r := range s {
		if units += utf16.RuneLen(r); units > n-1 {
			end = i
			break
		}
	}
	s = s[:end]
	if open := strings.LastIndexByte(s, '<'); open > strings.LastIndexByte(s, '>') {
		s = s[:open]
	}
	if open := strings.LastIndexByte(s, '&'); open >= 0 && open > len(s)-5 && !strings.Contains(s[open:], ";") {
		s = s[:open]
	}
	return s + "…"
}
