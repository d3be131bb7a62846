package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/app"
	"holdfast/internal/clock"
	"holdfast/internal/config"
	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/internal/store"
)

// tasksOptions are the flags of tasks.
type tasksOptions struct {
	dir, project, owner, account, by string
	until, to, reason                string
	answers                          []string
	json, overdue                    bool
}

func tasksCommand(s Streams) *cobra.Command {
	var o tasksOptions
	c := &cobra.Command{
		Use:   "tasks",
		Short: "List open tasks, requests and drafts, and act on them",
		Long: `Lists what waits for your own people: tasks, requests for approval, drafts to
review. It works whether holdfast runs or not. done and cannot answer one: a
request that is done is approved, and one that cannot be is denied; whoever
answers needs the authority for it. snooze puts one off, and reassign gives it
to another. A task is named by its id, or by the first letters of it.`,
		Example: `  holdfast tasks
  holdfast tasks --owner sam --overdue
  holdfast tasks show mz2k
  holdfast tasks done mz2k --by sam --answer interest=yes --answer notes="call again in May"
  holdfast tasks snooze mz2k --until 2bd --by sam --reason "they are at a fair"
  holdfast tasks load`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return tasksList(cmd.Context(), s, o) },
	}
	list := &cobra.Command{
		Use:     "list",
		Short:   "List what is open, as tasks alone does",
		Example: "  holdfast tasks list --overdue\n  holdfast tasks list --owner sam --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return tasksList(cmd.Context(), s, o) },
	}
	c.PersistentFlags().StringVar(&o.dir, "dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	for _, c := range []*cobra.Command{c, list} {
		c.Flags().StringVar(&o.owner, "owner", "", "only those of one of the team")
		c.Flags().StringVar(&o.account, "account", "", "only those about an account")
		c.Flags().BoolVar(&o.overdue, "overdue", false, "only those that are late")
		c.Flags().BoolVar(&o.json, "json", false, "print one JSON object a line")
	}
	c.AddCommand(list, tasksShow(s, &o), taskDone(s, &o), taskCannot(s, &o), taskSnooze(s, &o), taskReassign(s, &o), tasksLoad(s, &o))
	return c
}

func tasksList(ctx context.Context, s Streams, o tasksOptions) error {
	return withStore(ctx, app.OpenStore, o.dir, func(st store.Store) error { return listTasks(ctx, st, s, o) })
}

func listTasks(ctx context.Context, st store.Store, s Streams, o tasksOptions) error {
	var open []store.Task
	var now time.Time
	err := st.View(ctx, func(tx store.Tx) (err error) {
		if now, err = activities.Now(tx, clock.System{}.Now()); err == nil {
			open, err = tx.Tasks(o.account, o.owner, "open", 0)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("list tasks: %w", err)
	}
	late := func(k store.Task) bool { return k.Due().Before(now) }
	if o.overdue {
		open = slices.DeleteFunc(open, func(k store.Task) bool { return !late(k) })
	}
	slices.SortStableFunc(open, func(a, b store.Task) int { return a.Due().Compare(b.Due()) })
	if o.json {
		out := json.NewEncoder(s.Out)
		out.SetEscapeHTML(false)
		for _, k := range open {
			if err := out.Encode(taskRowOf(k, late(k))); err != nil {
				return err
			}
		}
		return nil
	}
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, k := range open {
		state := "open"
		switch {
		case late(k):
			state = "overdue"
		case k.SnoozedUntil.After(now):
			state = "snoozed"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Due().UTC().Format("2006-01-02 15:04"), state, k.Owner, k.Account, k.Playbook+"/"+k.Path, cell(k.Title, 70))
	}
	fmt.Fprintln(s.Err, plural(len(open), "task is open", "tasks are open"))
	return t.Flush()
}

// taskRow is a task as JSON.
type taskRow struct {
	ID           string     `json:"id"`
	Due          time.Time  `json:"due"`
	Overdue      bool       `json:"overdue,omitempty"`
	SnoozedUntil *time.Time `json:"snoozed_until,omitempty"`
	SnoozeReason string     `json:"snooze_reason,omitempty"`
	Owner        string     `json:"owner"`
	OwnerReason  string     `json:"owner_reason,omitempty"`
	Account      string     `json:"account"`
	Playbook     string     `json:"playbook"`
	Path         string     `json:"path"`
	Title        string     `json:"title"`
	Brief        string     `json:"brief,omitempty"`
}

func taskRowOf(k store.Task, late bool) taskRow {
	r := taskRow{
		ID: k.ID, Due: k.Due(), Overdue: late, SnoozeReason: k.SnoozeReason, Owner: k.Owner, OwnerReason: k.OwnerReason,
		Account: k.Account, Playbook: k.Playbook, Path: k.Path, Title: k.Title, Brief: k.Brief,
	}
	if !k.SnoozedUntil.IsZero() {
		r.SnoozedUntil = &k.SnoozedUntil
	}
	return r
}

// besideTasks opens the data directory and the rules in force there for fn.
func besideTasks(ctx context.Context, o tasksOptions, fn func(a *app.App) error) (err error) {
	p, err := inForce(ctx, o)
	if err != nil {
		return err
	}
	a, err := app.Beside(ctx, app.Config{Dir: o.dir, Project: p, Env: config.FromEnvironment(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return fn(a)
}

// inForce is the release of the data directory, or the project where there is none.
func inForce(ctx context.Context, o tasksOptions) (*project.Project, error) {
	n, p, err := releaseIn(ctx, o.dir)
	if err != nil || n > 0 {
		return p, err
	}
	p, found, err := project.Load(o.project)
	if err != nil {
		return nil, err
	}
	if diag.Failed(found) {
		return nil, fmt.Errorf("the project %s has mistakes; holdfast lint %s shows them", o.project, o.project)
	}
	return p, nil
}

// taskNamed is the open one whose id begins with ref, or the closed one of that very id.
func taskNamed(ctx context.Context, st store.Store, ref string) (found store.Task, err error) {
	n := 0
	err = st.View(ctx, func(tx store.Tx) error {
		n = 0
		open, err := tx.Tasks("", "", "open", 0)
		for _, k := range open {
			if strings.HasPrefix(k.ID, ref) {
				found, n = k, n+1
			}
		}
		if n == 0 && err == nil {
			if found, err = tx.Task(ref); err == nil {
				n = 1 // closed: whoever closes says by whom
			} else if errors.Is(err, store.ErrNotFound) {
				err = nil
			}
		}
		return err
	})
	switch {
	case err != nil:
		return found, fmt.Errorf("find the task: %w", err)
	case n == 0:
		return found, holdfast.Errorf(holdfast.NotFound, "no open task begins with %q", ref)
	case n > 1:
		return found, holdfast.Errorf(holdfast.Invalid, "%d open tasks begin with %q: write more of it", n, ref)
	}
	return found, nil
}
