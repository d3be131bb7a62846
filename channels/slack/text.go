package slack

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"

	slackgo "github.com/slack-go/slack"
)

// Slack's limits in characters, from the JSDoc of @slack/types 3.2.0, but for
// maxText: a message's text is cut by Slack at 40,000, and 4,000 is what its own
// advice asks for; and maxBlocks: not documented, refused from about 13,200 on.
const (
	maxText    = 4000
	maxBlocks  = 10_000 // of a message, as JSON
	maxHeader  = 150
	maxSection = 3000
	maxField   = 2000
	maxContext = 2000
	maxButton  = 75
	maxOption  = 75
	maxTitle   = 24 // of a modal, and of its buttons
	maxInput   = 3000
	maxLabel   = 2000
	maxHint    = 150 // of an empty field
	maxChoices = 100 // of a select
	maxRadio   = 10
)

// mrkdwn is verbatim: Slack makes no links of bare addresses and channel names.
func mrkdwn(s string) *slackgo.TextBlockObject {
	return slackgo.NewTextBlockObject(slackgo.MarkdownType, s, false, true)
}

// plain is a text without markup, cut to n characters; never empty, which Slack
// refuses.
func plain(s string, n int) *slackgo.TextBlockObject {
	if s = strings.TrimSpace(s); s == "" {
		s = "–"
	}
	return slackgo.NewTextBlockObject(slackgo.PlainTextType, cut(s, n), false, false)
}

// moment is shown in each reader's own time zone.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", t.Unix(), t.UTC().Format("2 Jan 2006 15:04 UTC"))
}

var (
	// slackUser is what stands for a member in a text: no name looks like it.
	slackUser = regexp.MustCompile(`^[UW][A-Z0-9]{7,}$`)
	// memberID is what an address or a call of Slack's may hold.
	memberID = regexp.MustCompile(`^[UW][A-Z0-9]+$`)
)

// person is a name, or a mention of a member id.
func person(name string) string {
	if slackUser.MatchString(name) {
		return "<@" + name + ">"
	}
	return escape(name)
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// unescape is the plain text that escape made s of.
func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

func length(s string) int { return len(utf16.Encode([]rune(s))) }

// cut shortens s to n characters as Slack counts them (UTF-16), with an
// ellipsis, and never inside an entity or a link.
func cut(s string, n int) string {
	if length(s) <= n {
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
