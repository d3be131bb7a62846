package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/store"
)

// act is a command on one task, by one of the team. It says what it did.
func act(s Streams, o *tasksOptions, c *cobra.Command, do func(ctx context.Context, a *app.App, k store.Task) (string, error)) *cobra.Command {
	c.Args = cobra.ExactArgs(1)
	c.Flags().StringVar(&o.by, "by", "", "who says so: an id of the team")
	c.Flags().StringVar(&o.project, "project", ".", "project directory, when no release is in force")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if o.by == "" {
			return holdfast.Errorf(holdfast.Invalid, "say who: --by and an id of the team")
		}
		ctx := cmd.Context()
		return besideTasks(ctx, *o, func(a *app.App) error {
			k, err := taskNamed(ctx, a.Store, args[0])
			if err != nil {
				return err
			}
			said, err := do(ctx, a, k)
			if err != nil {
				return err
			}
			fmt.Fprintf(s.Out, "%s: %s, by %s\n", cell(k.Title, 70), said, o.by)
			return nil
		})
	}
	return c
}

func taskDone(s Streams, o *tasksOptions) *cobra.Command {
	c := &cobra.Command{
		Use:     "done TASK",
		Short:   "Say that a task is done, a request approved, a draft good",
		Long:    "Say that a task is done, a request approved, a draft good. holdfast tasks show TASK\nlists the questions of its form.",
		Example: "  holdfast tasks done mz2k --by sam --answer interest=yes\n  holdfast tasks done k3vq --by lea --note \"for this year only\"",
	}
	var note string
	c.Flags().StringArrayVar(&o.answers, "answer", nil, "what a form asks: name=value; of a draft, subject and body")
	c.Flags().StringVar(&note, "note", "", "of an approval: what is said with the yes")
	return act(s, o, c, func(ctx context.Context, a *app.App, k store.Task) (string, error) {
		return "done", closeTask(ctx, a, k, *o, "done", "note", note)
	})
}

func taskCannot(s Streams, o *tasksOptions) *cobra.Command {
	c := &cobra.Command{
		Use:     "cannot TASK",
		Short:   "Say that a task cannot be done, a request is denied, a draft refused",
		Long:    "Say that a task cannot be done, a request is denied, a draft refused. The reason is\nkept with it, and on the timeline.",
		Example: "  holdfast tasks cannot mz2k --by lea --reason \"nobody answers the phone\"",
	}
	c.Flags().StringVar(&o.reason, "reason", "", "why")
	c.Flags().StringArrayVar(&o.answers, "answer", nil, "what a form asks: name=value")
	return act(s, o, c, func(ctx context.Context, a *app.App, k store.Task) (string, error) {
		return "cannot", closeTask(ctx, a, k, *o, "cannot", "reason", o.reason)
	})
}

func taskSnooze(s Streams, o *tasksOptions) *cobra.Command {
	c := &cobra.Command{
		Use:   "snooze TASK",
		Short: "Put a task off: it stays open, and is not late before then",
		Long: `Puts a task off. It stays open, and is not due before then; whoever would hear
that it is late hears it then. A day begins with the owner's working hours, and
a length of time is counted in them. It cannot be put off for longer than the
playbook waits for it.`,
		Example: "  holdfast tasks snooze mz2k --until 2026-06-01 --by sam --reason \"they are at a fair\"\n  holdfast tasks snooze mz2k --until 2bd --by sam --reason \"waits for the contract\"",
	}
	c.Flags().StringVar(&o.until, "until", "", "a day (2026-06-01), a moment (\"2026-06-01 14:00\"), or a length of time (3d, 2bd, 4h)")
	c.Flags().StringVar(&o.reason, "reason", "", "why")
	return act(s, o, c, func(ctx context.Context, a *app.App, k store.Task) (string, error) {
		if o.until == "" {
			return "", holdfast.Errorf(holdfast.Invalid, "say until when: --until and a day, or 3d, 2bd")
		}
		now := a.Clock.Now()
		until, err := a.Activities.Until(k.Owner, o.until, now)
		if err != nil {
			return "", err
		}
		return "put off until " + until.Format("Mon 2 Jan 2006 15:04 MST"), a.Activities.SnoozeTask(ctx, k.ID, o.by, until, o.reason, now)
	})
}

func taskReassign(s Streams, o *tasksOptions) *cobra.Command {
	c := &cobra.Command{
		Use:   "reassign TASK",
		Short: "Give a task to another of the team",
		Long: `Gives a task to another of the team, who gets a card of their own. What is due
stays due. A request for approval goes to somebody with the authority for it,
and never to whoever asked.`,
		Example: "  holdfast tasks reassign mz2k --to lea --by sam --reason \"she knows them\"",
	}
	c.Flags().StringVar(&o.to, "to", "", "who has it from now on: an id of the team")
	c.Flags().StringVar(&o.reason, "reason", "", "why")
	return act(s, o, c, func(ctx context.Context, a *app.App, k store.Task) (string, error) {
		if o.to == "" {
			return "", holdfast.Errorf(holdfast.Invalid, "say to whom: --to and an id of the team")
		}
		return "goes to " + o.to, a.Activities.ReassignTask(ctx, k.ID, o.to, o.by, o.reason, a.Clock.Now())
	})
}

// closeTask closes k with the answers of the flags, and words of one kind beside
// them.
func closeTask(ctx context.Context, a *app.App, k store.Task, o tasksOptions, status, key, words string) error {
	answers, err := answersOf(o.answers)
	if err != nil {
		return err
	}
	if words != "" {
		answers[key] = words
	}
	return a.Activities.CloseTask(ctx, k.ID, status, o.by, answers, a.Clock.Now())
}

// answersOf are name=value pairs; true, false and numbers are read as such by
// the form that asks for them.
func answersOf(pairs []string) (map[string]any, error) {
	answers := map[string]any{}
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, holdfast.Errorf(holdfast.Invalid, "--answer %s: expected name=value", pair)
		}
		answers[name] = value
	}
	return answers, nil
}
