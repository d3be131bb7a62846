package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	slackgo "github.com/slack-go/slack"

	"holdfast"
)

const (
	maxView = 100 // blocks of a home tab
	maxLine = 100 // characters of a title in a list, so that a list fits
)

// publishHome shows somebody what is theirs to do, as it is now. Twice is no harm.
func (a *App) publishHome(ctx context.Context, user string) {
	view := slackgo.HomeTabViewRequest{Type: slackgo.VTHomeTab}
	who, ok := a.desk.Person(user)
	if !ok {
		view.Blocks.BlockSet = []slackgo.Block{section(strangerWords(user))}
	} else {
		open, err := a.desk.OpenTasks(ctx, who.ID)
		if err != nil {
			a.log.ErrorContext(ctx, "cannot read open tasks", "person", who.ID, "error", err)
			return
		}
		view.Blocks.BlockSet = home(open)
	}
	if _, err := a.channel.api.PublishViewContext(ctx, slackgo.PublishViewContextRequest{UserID: user, View: view}); err != nil {
		a.warn(ctx, "views.publish", err)
	}
}

// homeGroups are the parts of a home tab, in their order.
var homeGroups = []struct {
	kind  holdfast.CardKind
	title string
}{
	{holdfast.ApprovalCard, "Waiting for your yes or no"},
	{holdfast.DraftCard, "Drafts to look at"},
	{holdfast.WorkCard, "Tasks"},
}

// home shows open tasks, the first due first in each group, with the buttons of
// their cards; those for which a tab has no room are counted.
func home(open []holdfast.TaskCard) []slackgo.Block {
	if len(open) == 0 {
		return []slackgo.Block{
			slackgo.NewHeaderBlock(plain("Your tasks", maxHeader)),
			section(":tada: Nothing is open. What playbooks ask of you appears here and as a message."),
		}
	}
	blocks := []slackgo.Block{slackgo.NewHeaderBlock(plain("Your tasks", maxHeader)), slackgo.NewContextBlock("", mrkdwn(tally(open)))}
	shown := 0
	for _, g := range homeGroups {
		first := true
		for _, c := range open {
			if c.Kind != g.kind {
				continue
			}
			if len(blocks)+4 > maxView { // a title, a task, and how many more there are
				continue
			}
			if first {
				blocks = append(blocks, section("*"+g.title+"*"))
				first = false
			}
			blocks = append(blocks, section(item(c)))
			if row := row(c); row != nil {
				blocks = append(blocks, row)
			}
			shown++
		}
	}
	if more := len(open) - shown; more > 0 {
		blocks = append(blocks, slackgo.NewContextBlock("", mrkdwn(fmt.Sprintf("… and %d more", more))))
	}
	return blocks
}

func section(text string) slackgo.Block {
	return slackgo.NewSectionBlock(mrkdwn(cut(text, maxSection)), nil, nil)
}

// tally counts what is open.
func tally(open []holdfast.TaskCard) string {
	late := 0
	for _, c := range open {
		if c.Overdue {
			late++
		}
	}
	said := counted(len(open), "task") + " open"
	if late > 0 {
		said += fmt.Sprintf(" · :warning: %d overdue", late)
	}
	return said
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// item is a task in a list.
func item(c holdfast.TaskCard) string {
	said := "*" + escape(cut(c.Title, maxHeader)) + "*"
	if about := escape(cut(c.Account, maxHeader)); about != "" {
		said += " · " + about
	}
	if c.Amount != "" {
		said += " · " + escape(cut(c.Amount, maxHeader))
	}
	if when := when(c); when != "" {
		said += "\n" + when
	}
	return said
}

// list shows up to n tasks below a title, mrkdwn, a line each.
func list(title string, cards []holdfast.TaskCard, n int) string {
	lines := []string{title}
	for _, c := range cards[:min(len(cards), n)] {
		said := "• " + escape(cut(c.Title, maxLine))
		if c.Account != "" {
			said += " · " + escape(cut(c.Account, maxLine/2))
		}
		switch {
		case c.Due.IsZero():
		case c.Overdue:
			said += " · :warning: since " + moment(c.Due)
		default:
			said += " · due " + moment(c.Due)
		}
		lines = append(lines, said)
	}
	if more := len(cards) - n; more > 0 {
		lines = append(lines, fmt.Sprintf("… and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// ephemeral is an answer that only who asked can see, cut to what a message, and
// an answer over a socket, may hold.
func ephemeral(texts ...string) (Reply, error) {
	m := struct {
		Type   string          `json:"response_type"`
		Text   string          `json:"text"`
		Blocks []slackgo.Block `json:"blocks"`
	}{Type: slackgo.ResponseTypeEphemeral}
	for most := maxSection; most > 20; most = most * 2 / 3 {
		m.Text, m.Blocks = cut(texts[0], most), nil
		for _, t := range texts {
			m.Blocks = append(m.Blocks, section(cut(t, most)))
		}
		if fits(m) {
			break
		}
	}
	return json.Marshal(m)
}
