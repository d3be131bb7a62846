package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/diag"
	"holdfast/internal/intake"
	"holdfast/internal/plan"
	"holdfast/internal/project"
	"holdfast/internal/release"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
)

// errChanges ends a plan that has something to apply, when that is asked for.
var errChanges = errors.New("changes")

// shipOptions are the flags that plan, apply and rollback share.
type shipOptions struct {
	dir       string
	json      bool
	move      bool
	playbooks []string
	choice    plan.Choice
}

func (o *shipOptions) flags(c *cobra.Command, defaultDir string) {
	f := c.Flags()
	f.StringVar(&o.dir, "dir", "", "data directory (default: "+defaultDir+"); it may be in use by a running holdfast")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVar(&o.move, "move", false, "let running enrollments go on in the new versions, where they can")
	f.StringArrayVar(&o.playbooks, "playbook", nil, "with --move: only those of this playbook; may be repeated")
	f.StringVar(&o.choice.Where, "where", "", "with --move: only those whose account meets this condition, in CEL")
	f.BoolVar(&o.choice.CloseTasks, "close-tasks", false, "with --move: close tasks whose step is gone, instead of leaving their enrollments behind")
	f.BoolVar(&o.choice.Stop, "stop", false, "end the running enrollments of playbooks that are gone")
}

// chosen is who is moved.
func (o *shipOptions) chosen() (plan.Choice, error) {
	c := o.choice
	if !o.move && (len(o.playbooks) > 0 || c.Where != "" || c.CloseTasks) {
		e := holdfast.Errorf(holdfast.Invalid, "--playbook, --where and --close-tasks say who is moved, and how")
		e.Hint = "add --move"
		return c, e
	}
	c.All, c.Playbooks = o.move && len(o.playbooks) == 0, o.playbooks
	return c, nil
}

func planCommand(s Streams) *cobra.Command {
	var o shipOptions
	var out string
	var detailed bool
	c := &cobra.Command{
		Use:   "plan [DIR]",
		Short: "Show what applying a project would change, and what becomes of every enrollment that runs",
		Long: `Compares the project in DIR (default: .) with what is published in its data
directory, and changes nothing. Each playbook's changes are shown in the author's
words; each running enrollment is accounted for: it stays on its version, it would
move and land at a step, or it is blocked because of something.

Running enrollments stay on their version unless --move is given; what a move would
do is shown either way.`,
		Example: "  holdfast plan retention --dir /var/lib/holdfast\n  holdfast plan --move --out plan.json\n  holdfast plan --json | jq '.groups[] | select(.fate == \"blocked\")'",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sh, err := newShipment(s, &o, args)
			if err != nil {
				return err
			}
			p, err := sh.plan(cmd.Context())
			if err != nil {
				return err
			}
			if err := sh.show(p); err != nil {
				return err
			}
			if out != "" {
				if err := savePlan(out, p); err != nil {
					return err
				}
			}
			switch {
			case len(p.Problems) > 0:
				return errFindings
			case detailed && (p.Changes() || p.Moves() > 0):
				return errChanges
			}
			return nil
		},
	}
	o.flags(c, ".holdfast in DIR")
	c.Flags().StringVar(&out, "out", "", "write the plan to this file, for apply --plan")
	c.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 3 when there is something to apply")
	return c
}

// shipment is a project on its way to a data directory.
type shipment struct {
	s       Streams
	o       *shipOptions
	choice  plan.Choice
	say     *sayer
	data    string // directory
	project *project.Project
	source  string // what it was taken from
	of      int64  // rollback to
	others  bool   // a server elsewhere took the release over
}

// newShipment reads DIR: its mistakes end the command, its warnings are shown.
func newShipment(s Streams, o *shipOptions, args []string) (*shipment, error) {
	choice, err := o.chosen()
	if err != nil {
		return nil, err
	}
	dir := "."
	if len(args) > 0 {
		dir = args[0]
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		e := holdfast.Errorf(holdfast.Invalid, "%s is a file; a project is applied whole", dir)
		e.Hint = "name its directory"
		return nil, e
	}
	p, found, err := project.Load(dir)
	if err != nil {
		return nil, err
	}
	to, failed := s.Err, diag.Failed(found)
	if failed {
		to = s.Out
	}
	if len(found) > 0 {
		if err := diag.Text(to, found, p.Sources, terminal(to)); err != nil {
			return nil, err
		}
	}
	if failed {
		return nil, errFindings
	}
	sh := &shipment{s: s, o: o, choice: choice, say: newSayer(s, o.json), data: o.dir, project: p, source: project.Commit(dir)}
	if sh.data == "" {
		sh.data = filepath.Join(p.Dir, ".holdfast")
	}
	if c := config.FromEnvironment().Commit; c != "" {
		sh.source = "commit " + c[:min(len(c), 12)]
	}
	return sh, nil
}

// open is the data directory's store, or nil when there is none yet.
func (sh *shipment) open(ctx context.Context) (store.Store, error) {
	st, err := app.OpenStore(ctx, sh.data)
	if holdfast.CodeOf(err) == holdfast.NotFound {
		return nil, nil
	}
	return st, err
}

// plan reads what is stored and says what would become of it.
func (sh *shipment) plan(ctx context.Context) (p plan.Plan, err error) {
	st, err := sh.open(ctx)
	if err != nil {
		return p, err
	}
	r := plan.Reading{
		Project: sh.project, Source: sh.source, Move: sh.choice, Now: realClock.Now(),
		Place: activities.ProjectOf(sh.project).Place, Current: release.Current, Migrate: activities.MigrateSignal,
	}
	if st != nil {
		defer func() { err = errors.Join(err, st.Close()) }()
		r.Store = st
		if r.Triggers, err = sh.triggers(ctx, st); err != nil {
			return p, err
		}
	}
	return plan.Read(ctx, r)
}

// triggers are the conditions that are new, and of whom they are true.
func (sh *shipment) triggers(ctx context.Context, st store.Store) ([]plan.Trigger, error) {
	books := sh.project.Playbooks
	versions := &plan.Versions{Set: sh.project.Rules}
	in := &intake.Intake{
		Store: st, Clock: realClock, Poke: func() {}, Log: quietLog(sh.s.Err),
		Rules:     func() *rules.Set { return sh.project.Rules },
		Playbooks: func() []*playbooks.Playbook { return books },
		ByDigest: func(digest string) (p *playbooks.Playbook, err error) {
			err = st.View(ctx, func(tx store.Tx) error {
				p, err = versions.Open(tx, digest)
				return err
			})
			return p, err
		},
		Options: intake.Options{Place: activities.ProjectOf(sh.project).Place},
	}
	known, err := in.Already(ctx, books)
	if err != nil {
		return nil, err
	}
	var all []plan.Trigger
	for _, k := range known {
		all = append(all, plan.Trigger{Playbook: k.Playbook, Trigger: k.Trigger, True: k.True, Enrols: k.Enrols})
	}
	return all, nil
}

func (sh *shipment) show(p plan.Plan) error {
	if !sh.o.json {
		return p.Print(sh.s.Out, terminal(sh.s.Out))
	}
	enc := json.NewEncoder(sh.s.Out)
	enc.SetIndent("", "  ")
	return enc.Encode(p)
}

func savePlan(file string, p plan.Plan) error {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// readPlan reads what savePlan wrote.
func readPlan(file string) (plan.Plan, error) {
	var p plan.Plan
	text, err := os.ReadFile(file)
	if err != nil {
		return p, fmt.Errorf("read the plan: %w", err)
	}
	if err := json.Unmarshal(text, &p); err != nil || p.Digest == "" {
		e := holdfast.Errorf(holdfast.Invalid, "%s is no plan", file)
		e.Hint = "holdfast plan --out writes one"
		return p, e
	}
	return p, nil
}
