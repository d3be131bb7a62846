package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/internal/store"
)

// tasksOptions are the flags of tasks.
type tasksOptions struct {
	dir, project, owner, account, by string
	answers                          []string
	json                             bool
}

func tasksCommand(s Streams) *cobra.Command {
	var o tasksOptions
	c := &cobra.Command{
		Use:   "tasks",
		Short: "List open tasks, requests and drafts, and answer them",
		Long: `Lists what waits for your own people: tasks, requests for approval, drafts to
review. It works whether holdfast runs or not. done and cannot answer one: a
request that is done is approved, and one that cannot be is denied; whoever
answers needs the authority for it.`,
		Example: `  holdfast tasks
  holdfast tasks --owner sam --json
  holdfast tasks done mz2k --by sam --answer interest=yes --answer notes="call again in May"
  holdfast tasks cannot mz2k --by lea`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd.Context(), app.OpenStore, o.dir, func(st store.Store) error { return listTasks(cmd.Context(), st, s, o) })
		},
	}
	c.PersistentFlags().StringVar(&o.dir, "dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.Flags().StringVar(&o.owner, "owner", "", "only those of one of the team")
	c.Flags().StringVar(&o.account, "account", "", "only those about an account")
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON object a line")
	c.AddCommand(taskCommand(s, &o, "done", "Say that a task is done, a request approved, a draft good"),
		taskCommand(s, &o, "cannot", "Say that a task cannot be done, a request is denied, a draft refused"))
	return c
}

func taskCommand(s Streams, o *tasksOptions, status, short string) *cobra.Command {
	c := &cobra.Command{
		Use:     status + " TASK",
		Short:   short,
		Long:    short + ". The task is named by its id, or by the first letters of it.",
		Example: "  holdfast tasks " + status + " mz2k --by sam",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return closeTask(cmd.Context(), s, *o, args[0], status)
		},
	}
	c.Flags().StringVar(&o.by, "by", "", "who says so: an id of the team")
	c.Flags().StringArrayVar(&o.answers, "answer", nil, "what a form asks: name=value; of a draft, subject and body")
	c.Flags().StringVar(&o.project, "project", ".", "project directory, when no release is in force")
	return c
}

func listTasks(ctx context.Context, st store.Store, s Streams, o tasksOptions) error {
	var open []store.Task
	err := st.View(ctx, func(tx store.Tx) (err error) {
		open, err = tx.Tasks(o.account, o.owner, "open", 0)
		return err
	})
	if err != nil {
		return fmt.Errorf("list tasks: %w", err)
	}
	if o.json {
		out := json.NewEncoder(s.Out)
		out.SetEscapeHTML(false)
		for _, k := range open {
			if err := out.Encode(taskRow{k.ID, k.DueAt, k.Owner, k.Account, k.Playbook, k.Path, k.Title, k.Brief}); err != nil {
				return err
			}
		}
		return nil
	}
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, k := range open {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.DueAt.UTC().Format("2006-01-02 15:04"), k.Owner, k.Account, k.Playbook+"/"+k.Path, fit(k.Title, 70))
	}
	fmt.Fprintln(s.Err, plural(len(open), "task is open", "tasks are open"))
	return t.Flush()
}

// taskRow is a task as JSON.
type taskRow struct {
	ID       string    `json:"id"`
	Due      time.Time `json:"due"`
	Owner    string    `json:"owner"`
	Account  string    `json:"account"`
	Playbook string    `json:"playbook"`
	Path     string    `json:"path"`
	Title    string    `json:"title"`
	Brief    string    `json:"brief,omitempty"`
}

func closeTask(ctx context.Context, s Streams, o tasksOptions, ref, status string) (err error) {
	if o.by == "" {
		return holdfast.Errorf(holdfast.Invalid, "say who: --by and an id of the team")
	}
	answers, err := answersOf(o.answers)
	if err != nil {
		return err
	}
	p, err := inForce(ctx, o)
	if err != nil {
		return err
	}
	a, err := app.Beside(ctx, app.Config{Dir: o.dir, Project: p, Env: config.FromEnvironment(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	k, err := openTask(ctx, a.Store, ref)
	if err != nil {
		return err
	}
	if err := a.Activities.CloseTask(ctx, k.ID, status, o.by, answers, a.Clock.Now()); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s: %s, by %s\n", fit(k.Title, 70), status, o.by)
	return nil
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

// openTask is the one whose id begins with ref.
func openTask(ctx context.Context, st store.Store, ref string) (found store.Task, err error) {
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
