package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"holdfast/activities"
	"holdfast/internal/app"
	"holdfast/internal/store"
	"holdfast/rules"
	"holdfast/steps"
)

func tasksShow(s Streams, o *tasksOptions) *cobra.Command {
	c := &cobra.Command{
		Use:     "show TASK",
		Short:   "Show all of a task: whose it is and why, its brief, and how to answer it",
		Example: "  holdfast tasks show mz2k",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return besideTasks(cmd.Context(), *o, func(a *app.App) error { return showTask(cmd.Context(), a, s, args[0]) })
		},
	}
	c.Flags().StringVar(&o.project, "project", ".", "project directory, when no release is in force")
	return c
}

func showTask(ctx context.Context, a *app.App, s Streams, ref string) error {
	k, err := taskNamed(ctx, a.Store, ref)
	if err != nil {
		return err
	}
	k, form, err := a.Activities.Asked(ctx, k.ID)
	if err != nil {
		return err
	}
	var request store.Approval
	err = a.Store.View(ctx, func(tx store.Tx) error {
		request, err = tx.Approval(k.ID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	fmt.Fprintln(s.Out, printable(k.Title))
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(t, "  %s\t%s\n", name, cell(value, 4000))
		}
	}
	moment := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return at.UTC().Format("Mon 2 Jan 2006 15:04 MST")
	}
	row("id", k.ID)
	row("status", statusOf(k, a.Clock.Now()))
	row("owner", because(k.Owner, k.OwnerReason))
	row("account", k.Account)
	row("playbook", k.Playbook+", step "+k.Path)
	row("channel", k.Channel)
	row("opened", moment(k.OpenedAt))
	row("due", moment(k.DueAt))
	row("put off", because(moment(k.SnoozedUntil), k.SnoozeReason))
	if k.Background {
		row("expires", "never: the playbook does not wait for it")
	} else {
		row("expires", moment(k.ExpiresAt))
	}
	row("amount", request.Amount)
	row("in exchange", request.InExchange)
	row("asked by", request.RequestedBy)
	row("takes", request.Role)
	row("closed", because(moment(k.ClosedAt), k.ClosedBy))
	row("reason", k.Reason)
	row("note", request.Note)
	if len(k.Answers) > 2 {
		row("answers", string(k.Answers))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if k.Brief != "" {
		fmt.Fprintf(s.Out, "\n%s\n", strings.TrimSpace(printable(k.Brief)))
	}
	if k.Status != "open" {
		return nil
	}
	fmt.Fprintf(s.Out, "\n%s\n", howTo(k, form, request.ID != ""))
	return nil
}

func because(what, why string) string {
	if what == "" || why == "" {
		return what
	}
	return what + " (" + why + ")"
}

func statusOf(k store.Task, now time.Time) string {
	switch {
	case k.Status == "open" && k.Due().Before(now):
		return "open, overdue"
	case k.Status == "open" && k.SnoozedUntil.After(now):
		return "open, put off"
	}
	return k.Status
}

// howTo is how a task is answered, with each question of its form.
func howTo(k store.Task, form []steps.Question, approval bool) string {
	if approval {
		return "Answer it:\n  holdfast tasks done " + k.ID + " --by WHO --note WORDS     (yes)\n  holdfast tasks cannot " + k.ID + " --by WHO --reason WORDS (no)"
	}
	text := "Answer it:\n  holdfast tasks done " + k.ID + " --by " + k.Owner
	if len(form) == 0 {
		return text
	}
	text += " with"
	for _, q := range form {
		text += "\n    --answer " + q.Name + "=" + shapeOf(q)
		if q.Required {
			text += "   (required)"
		}
	}
	return text
}

// shapeOf says what an answer looks like.
func shapeOf(q steps.Question) string {
	switch {
	case len(q.Choose) > 0:
		return strings.Join(q.Choose, "|")
	case q.Long:
		return "WORDS"
	case q.Type == rules.Bool:
		return "true|false"
	case q.Type == rules.Date:
		return "2026-06-01"
	case q.Type == rules.Percent:
		return "10%"
	case q.Type == rules.Int || q.Type == rules.Money:
		return "NUMBER"
	}
	return "WORDS"
}

func tasksLoad(s Streams, o *tasksOptions) *cobra.Command {
	c := &cobra.Command{
		Use:     "load",
		Short:   "Show who has how many tasks: open, overdue, due this week, and how many they can look after",
		Example: "  holdfast tasks load",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return besideTasks(cmd.Context(), *o, func(a *app.App) error {
				all, err := a.Activities.Loads(cmd.Context())
				if err != nil {
					return err
				}
				return printLoads(s, all)
			})
		},
	}
	c.Flags().StringVar(&o.project, "project", ".", "project directory, when no release is in force")
	return c
}

func printLoads(s Streams, all []activities.Load) error {
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "owner\topen\toverdue\tdue this week\tnew this week\t")
	for _, l := range all {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\t%s\n", l.Person, outOf(l.Open, l.Limit), l.Overdue, l.DueThisWeek, outOf(l.Opened, l.Capacity), l.Away)
	}
	return t.Flush()
}

// outOf is "3 of 20", or "3" where nobody said how many are enough.
func outOf(n, most int) string {
	if most == 0 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d of %d", n, most)
}
