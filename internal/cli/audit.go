package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

func auditCommand(s Streams) *cobra.Command {
	var f store.AuditFilter
	var since string
	var asJSON bool
	c := &cobra.Command{
		Use:   "audit",
		Short: "Show who changed or approved what",
		Long: `Shows the audit log: what people and tokens changed or decided, each written in the
transaction of the change. Who is os: and the operating system's user of whoever ran a
command here, team: and an id of the team for what was clicked in Slack, or token: and
the name of a token; system is Holdfast itself. A line is not changed, but that an
erasure takes a person out of it, and it is kept for as long as retention.audit says.

--who takes a name with or without that kind, --what a thing (task, release, sending,
account, approval, trigger, suppression, contact, token, store, retention) or a whole word such as task.done.`,
		Example: "  holdfast audit\n  holdfast audit --since 7d --who mira\n  holdfast audit --what release --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if f.Since, err = sinceOf(since, realClock.Now()); err != nil {
				return err
			}
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				return listAudit(ctx, st, s, f, asJSON)
			})
		},
	}
	c.Flags().String("dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.Flags().StringVar(&since, "since", "", "from then on: a day, a time, or a length of time such as 7d")
	c.Flags().StringVar(&f.Who, "who", "", "of one: mira, os:mira, team:sam, token:crm")
	c.Flags().StringVar(&f.What, "what", "", "of one thing, or one kind of change")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

// sinceOf reads a moment, or a length of time before now; "" is the zero time.
func sinceOf(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if sp, err := calendar.ParseSpan(text); err == nil {
		return now.Add(-sp.Add(now.UTC(), calendar.Days{}).Sub(now)), nil
	}
	at, err := intake.ParseTime(text)
	if err != nil {
		return at, holdfast.Errorf(holdfast.Invalid, "--since %v, or a length of time such as 7d", err)
	}
	return at, nil
}

// auditPage is how many lines are read at once.
const auditPage = 1000

func listAudit(ctx context.Context, st store.Store, s Streams, f store.AuditFilter, asJSON bool) error {
	p := printer{out: s.Out}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	for n := 0; ; {
		var page []store.Audit
		f.Limit = auditPage
		err := st.View(ctx, func(tx store.Tx) (err error) {
			page, err = tx.Audits(f)
			return err
		})
		if err != nil {
			return err
		}
		if len(page) > 0 && n == 0 && !asJSON {
			fmt.Fprintln(w, "time\twho\twhat\ton\tdetails")
		}
		for _, a := range page {
			if asJSON {
				if err := p.JSON(auditRow(a)); err != nil {
					return err
				}
				continue
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", a.At.Format("2006-01-02 15:04:05"), a.Who, a.What, a.On, a.Details)
		}
		if n += len(page); len(page) < auditPage {
			break
		}
		f.After = page[len(page)-1].Seq
	}
	return w.Flush()
}

// auditJSON is a line with its details as JSON.
type auditJSON struct {
	store.Audit
	Details json.RawMessage `json:"details,omitempty"`
}

func auditRow(a store.Audit) auditJSON { return auditJSON{a, json.RawMessage(a.Details)} }
