package cli

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/store"
)

func enrollmentsCommand(s Streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "enrollments",
		Short: "List, show, end or compare accounts' runs through playbooks",
	}
	c.PersistentFlags().String("dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.AddCommand(enrollmentsList(s), enrollmentsShow(s), enrollmentsExit(s), enrollmentsLift(s))
	return c
}

// inDir opens the data directory that --dir names for fn.
func inDir(cmd *cobra.Command, fn func(context.Context, store.Store) error) error {
	dir, err := cmd.Flags().GetString("dir")
	if err != nil {
		return err
	}
	return withStore(cmd.Context(), app.OpenStore, dir, func(st store.Store) error { return fn(cmd.Context(), st) })
}

func enrollmentsList(s Streams) *cobra.Command {
	var f store.EnrollmentFilter
	var asJSON bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List enrollments, by id",
		Example: "  holdfast enrollments list --status active\n  holdfast enrollments list --playbook win-back --outcome responded --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				return st.View(ctx, func(tx store.Tx) error { return listEnrollments(tx, s, f, asJSON) })
			})
		},
	}
	c.Flags().StringVar(&f.Playbook, "playbook", "", "only of this playbook")
	c.Flags().StringVar(&f.Account, "account", "", "only of this account")
	c.Flags().StringVar(&f.Status, "status", "", "active or ended")
	c.Flags().StringVar(&f.Outcome, "outcome", "", "only with this outcome")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

// enrollmentJSON is how an enrollment is printed for programs.
type enrollmentJSON struct {
	ID        string    `json:"id"`
	Playbook  string    `json:"playbook"`
	Account   string    `json:"account"`
	Trigger   string    `json:"trigger"`
	Arm       string    `json:"arm"`
	Status    string    `json:"status"`
	Outcome   string    `json:"outcome,omitempty"`
	Step      string    `json:"step,omitempty"`
	Doing     string    `json:"doing,omitempty"`
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	GoalAt    time.Time `json:"goal_at,omitzero"`
	Due       time.Time `json:"due,omitzero"`
	Digest    string    `json:"digest"`
}

func toJSON(e store.Enrollment) enrollmentJSON {
	return enrollmentJSON{
		ID: e.ID, Playbook: e.Playbook, Account: e.Account, Trigger: e.Trigger, Arm: e.Arm, Status: e.Status, Outcome: e.Outcome, Step: e.Step,
		Doing: e.Doing, StartedAt: e.StartedAt, EndedAt: e.EndedAt, GoalAt: e.GoalAt, Due: e.Due, Digest: e.Digest,
	}
}

func listEnrollments(tx store.Tx, s Streams, f store.EnrollmentFilter, asJSON bool) error {
	p := &printer{out: s.Out}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintln(w, "id\taccount\tplaybook\tarm\tstarted\tstatus\twhere it is")
	}
	for {
		page, err := tx.ListEnrollments(f)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return w.Flush()
		}
		for _, e := range page {
			if asJSON {
				if err := p.JSON(toJSON(e)); err != nil {
					return err
				}
				continue
			}
			status := e.Status
			if e.Outcome != "" {
				status += ": " + e.Outcome
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s %s\n", e.ID, e.Account, e.Playbook, e.Arm, e.StartedAt.Format("2006-01-02 15:04"), status, e.Step, e.Doing)
		}
		f.After = page[len(page)-1].ID
	}
}

func enrollmentsShow(s Streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "show ID",
		Short:   "Show one enrollment: where it is, what happened, its touches",
		Example: "  holdfast enrollments show 3f7k… --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				return st.View(ctx, func(tx store.Tx) error { return showEnrollment(tx, s, args[0], asJSON) })
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: the enrollment, then its lines")
	return c
}

func showEnrollment(tx store.Tx, s Streams, id string, asJSON bool) error {
	e, err := findEnrollment(tx, id)
	if err != nil {
		return err
	}
	lines, err := tx.LinesOf(id)
	if err != nil {
		return err
	}
	p := &printer{out: s.Out, json: asJSON, verbose: true, color: !asJSON && terminal(s.Out)}
	if asJSON {
		if err := p.JSON(toJSON(e)); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(s.Out, "%s for %s, started %s by %s: %s %s\n%s %s\nversion %s\n",
			e.Playbook, e.Account, e.StartedAt.Format(time.RFC3339), e.Trigger, e.Status, e.Outcome, e.Step, e.Doing, e.Digest)
	}
	for _, l := range lines {
		if err := p.Line(l); err != nil {
			return err
		}
	}
	return nil
}

func findEnrollment(tx store.Tx, id string) (store.Enrollment, error) {
	e, err := tx.Enrollment(id)
	if errors.Is(err, store.ErrNotFound) {
		missing := holdfast.Errorf(holdfast.NotFound, "there is no enrollment %s", id)
		missing.Hint = "holdfast enrollments list shows them"
		return e, missing
	}
	return e, err
}

func enrollmentsExit(s Streams) *cobra.Command {
	var outcome, reason string
	c := &cobra.Command{
		Use:   "exit ID",
		Short: "End an enrollment now: nothing is claimed after this command returns",
		Long: `Writes an exit into the data directory. From that commit on no touch of the
enrollment is claimed, whether holdfast runs or not; a running one ends it within
a second, another when it starts.`,
		Example: `  holdfast enrollments exit 3f7k… --outcome stopped --reason "the customer called"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				return st.Update(ctx, func(tx store.Tx) error {
					e, err := findEnrollment(tx, args[0])
					if err != nil {
						return err
					}
					if e.Status != "active" {
						return holdfast.Errorf(holdfast.Conflict, "it has ended already, with outcome %s", e.Outcome)
					}
					fmt.Fprintf(s.Err, "ending %s for %s\n", e.Playbook, e.Account)
					return tx.Signal(store.Signal{Enrollment: e.ID, Kind: "exit", Outcome: outcome, Reason: "by hand: " + reason, At: realClock.Now()})
				})
			})
		},
	}
	c.Flags().StringVar(&outcome, "outcome", "stopped", "the outcome it ends with")
	c.Flags().StringVar(&reason, "reason", "no reason given", "why, for the timeline")
	return c
}
