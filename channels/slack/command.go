package slack

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"holdfast"
)

// Command is what somebody typed: the fields of Slack's slash command.
type Command struct {
	Command string `json:"command"` // /holdfast
	Text    string `json:"text"`
	User    string `json:"user_id"`
}

// shownTasks are as many as an answer to a command lists.
const shownTasks = 10

var mention = regexp.MustCompile(`^<@([UW][A-Z0-9]+)(\|[^>]*)?>$`)

const commandHelp = "*%s* – your open tasks\n*%s tasks @someone* – the open tasks of one of the team\n" +
	"*%s account ID* – what runs for an account, and what comes next\n*%s help* – this"

// Command answers the slash command; only who asked sees the answer. It changes
// nothing.
func (a *App) Command(ctx context.Context, c Command) (Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	who, ok := a.desk.Person(c.User)
	if !ok {
		return ephemeral(strangerWords(c.User))
	}
	words := strings.Fields(c.Text)
	what := ""
	if len(words) > 0 {
		what = strings.ToLower(words[0])
	}
	switch {
	case what == "" || what == "tasks" && len(words) == 1:
		return a.tasksOf(ctx, "Your open tasks", who)
	case what == "tasks" && len(words) == 2:
		other, ok := a.named(words[1])
		if !ok {
			return ephemeral("Nobody of the team is " + escape(cut(words[1], maxHeader)) + ".")
		}
		return a.tasksOf(ctx, "Open tasks of "+escape(other.name()), other)
	case what == "account" && len(words) == 2:
		return a.aboutAccount(ctx, unescape(words[1]))
	}
	name := "/holdfast"
	if commandName.MatchString(c.Command) {
		name = c.Command
	}
	return ephemeral(strings.ReplaceAll(commandHelp, "%s", name))
}

var commandName = regexp.MustCompile(`^/[a-z0-9_-]{1,31}$`)

// named is one of the team by mention or id.
func (a *App) named(word string) (Person, bool) {
	if m := mention.FindStringSubmatch(word); m != nil {
		return a.desk.Person(m[1])
	}
	word = strings.TrimPrefix(word, "@")
	for _, p := range a.desk.Team() {
		if strings.EqualFold(p.ID, word) {
			return p, true
		}
	}
	return Person{}, false
}

func (a *App) tasksOf(ctx context.Context, title string, who Person) (Reply, error) {
	open, err := a.desk.OpenTasks(ctx, who.ID)
	if err != nil {
		return a.cannotSay(ctx, err)
	}
	if len(open) == 0 {
		return ephemeral("*" + title + "*\nNothing is open.")
	}
	return ephemeral(list("*"+title+"* · "+tally(open), open, shownTasks))
}

// aboutAccount says what runs for an account and what comes next.
func (a *App) aboutAccount(ctx context.Context, id string) (Reply, error) {
	acct, err := a.desk.Account(ctx, id)
	if holdfast.CodeOf(err) == holdfast.NotFound {
		return ephemeral("No account has the id " + escape(cut(id, maxHeader)) + ".")
	}
	if err != nil {
		return a.cannotSay(ctx, err)
	}
	head := "*" + escape(cut(acct.Name, maxHeader)) + "*"
	if acct.Owner != "" {
		head += " · " + person(cut(acct.Owner, maxHeader))
	}
	lines := []string{head}
	for _, r := range acct.Runs[:min(len(acct.Runs), shownTasks)] {
		lines = append(lines, runLine(r))
	}
	switch more := len(acct.Runs) - shownTasks; {
	case len(acct.Runs) == 0:
		lines = append(lines, "No playbook runs.")
	case more > 0:
		lines = append(lines, fmt.Sprintf("… and %d more", more))
	}
	said := strings.Join(lines, "\n")
	if len(acct.Tasks) == 0 {
		return ephemeral(said)
	}
	return ephemeral(said, list("*Open tasks*", acct.Tasks, shownTasks))
}

// runLine says what runs and what comes next.
func runLine(r Run) string {
	said := "• *" + escape(cut(r.Playbook, maxLine)) + "* since " + moment(r.Since)
	if r.Doing != "" {
		said += ": " + escape(cut(r.Doing, maxLine))
	}
	if !r.Next.IsZero() {
		said += " · next " + moment(r.Next)
	}
	return said
}

func (a *App) cannotSay(ctx context.Context, err error) (Reply, error) {
	a.log.ErrorContext(ctx, "a command failed", "error", err)
	return ephemeral("That did not work. Please try again.")
}
