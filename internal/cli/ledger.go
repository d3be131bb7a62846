package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/app"
	"holdfast/internal/intake"
	"holdfast/internal/ledger"
	"holdfast/internal/store"
)

// ledgerOptions are the flags of ledger.
type ledgerOptions struct {
	dir, accepted                   string
	account, playbook, state, since string
	limit                           int
	json                            bool
}

func ledgerCommand(s Streams) *cobra.Command {
	var o ledgerOptions
	c := &cobra.Command{
		Use:   "ledger",
		Short: "Read the send ledger, and prove that every touch went at most once",
	}
	c.PersistentFlags().StringVar(&o.dir, "dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.PersistentFlags().BoolVar(&o.json, "json", false, "print JSON")
	run := func(use func(context.Context, store.Store, Streams, ledgerOptions) error) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd.Context(), app.OpenStore, o.dir, func(st store.Store) error { return use(cmd.Context(), st, s, o) })
		}
	}

	check := &cobra.Command{
		Use:   "check",
		Short: "Hold the ledger against what providers told and against the enrollments",
		Long: `Reads the ledger, what the providers told, and every enrollment, and says "n
touches, each at most once, none without a state", or lists what is wrong and ends
with 1: a message that a provider took twice (duplicate), one that went and that it
does not have (lost), one that it has and the ledger does not (unnamed), or says
did not go (untold), one claimed after its enrollment's exit (late), one that is on
its way for more than ten minutes (stuck), a step that was sent without a line
(missing). It changes nothing, and works beside a running server.

--accepted names a file of what a provider accepted, one JSON object a line with
provider, touch and id, such as the stand-ins write. Without it a loss cannot be
seen, and a duplicate is seen by the provider's events alone.

Cards that show a task are handed out at least once, and counted apart. Under
unknown_send: at_least_once a duplicate is what was asked for; it is listed all the
same.`,
		Example: "  holdfast ledger check --dir /var/lib/holdfast\n  holdfast ledger check --accepted accepted.jsonl --json",
		Args:    cobra.NoArgs,
		RunE:    run(checkLedger),
	}
	check.Flags().StringVar(&o.accepted, "accepted", "", "file of what a provider accepted, JSON lines")

	list := &cobra.Command{
		Use:     "list",
		Short:   "List touches, the newest last",
		Example: "  holdfast ledger list --account acme\n  holdfast ledger list --state unknown --since 2026-03-01 --json",
		Args:    cobra.NoArgs,
		RunE:    run(listLedger),
	}
	f := list.Flags()
	f.StringVar(&o.account, "account", "", "only this account's")
	f.StringVar(&o.playbook, "playbook", "", "only this playbook's")
	f.StringVar(&o.state, "state", "", "only those in a state, such as sent, unknown or failed")
	f.StringVar(&o.since, "since", "", "only those claimed since a date or an RFC 3339 time")
	f.IntVar(&o.limit, "limit", 1000, "the most that are listed, the newest of them")

	show := &cobra.Command{
		Use:     "show TOUCH",
		Short:   "Show a touch and all that its provider told; the beginning of an id will do",
		Example: "  holdfast ledger show k3v9q2",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withStore(cmd.Context(), app.OpenStore, o.dir, func(st store.Store) error { return showTouch(cmd.Context(), st, s, o, args[0]) })
		},
	}
	c.AddCommand(check, list, show)
	return c
}

func checkLedger(ctx context.Context, st store.Store, s Streams, o ledgerOptions) error {
	var now time.Time
	err := st.View(ctx, func(tx store.Tx) (err error) {
		now, err = activities.Now(tx, realClock.Now())
		return err
	})
	if err != nil {
		return err
	}
	r, err := ledger.Check(ctx, ledger.Options{Store: st, Now: now, Accepted: o.accepted})
	if err != nil {
		return err
	}
	if o.json {
		err = (&printer{out: s.Out, json: true}).JSON(r)
	} else {
		err = r.Text(s.Out)
	}
	if err == nil && !r.Clean() {
		err = errFindings
	}
	return err
}

// touchStates are those that --state may name.
var touchStates = []holdfast.TouchState{
	holdfast.Claimed, holdfast.Sending, holdfast.Released, holdfast.Sent, holdfast.Unknown, holdfast.Reconciled,
	holdfast.Unconfirmed, holdfast.Failed, holdfast.Skipped,
}

func listLedger(ctx context.Context, st store.Store, s Streams, o ledgerOptions) error {
	f := store.TouchFilter{Account: o.account, Playbook: o.playbook, State: holdfast.TouchState(o.state)}
	if o.state != "" && !slices.Contains(touchStates, f.State) {
		e := holdfast.Errorf(holdfast.Invalid, "--state %s: there is no such state", o.state)
		e.Hint = fmt.Sprintf("expected one of %v", touchStates)
		return e
	}
	if o.limit < 1 {
		return holdfast.Errorf(holdfast.Invalid, "--limit %d: expected at least 1", o.limit)
	}
	if o.since != "" {
		var err error
		if f.Since, err = intake.ParseTime(o.since); err != nil {
			return fmt.Errorf("--since %w", err)
		}
	}
	newest, err := newestTouches(ctx, st, f, o.limit)
	if err != nil {
		return fmt.Errorf("list touches: %w", err)
	}
	if o.json {
		p := &printer{out: s.Out, json: true}
		for _, h := range newest {
			if err := p.JSON(touchRowOf(h, nil)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(newest) == 0 {
		fmt.Fprintln(s.Out, "no touches")
		return nil
	}
	table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CLAIMED\tACCOUNT\tPLAYBOOK\tPATH\tCHANNEL\tTO\tSTATE\tREASON\tTOUCH")
	for _, h := range newest {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", h.ClaimedAt.UTC().Format("2006-01-02 15:04"), cell(h.Account, 24), cell(h.Playbook, 24),
			cell(h.Path, 24), h.Channel, cell(h.Recipient, 24), h.State, cell(h.Reason, 32), h.ID)
	}
	return table.Flush()
}

// newestTouches reads the ledger page by page and keeps no more than twice the
// limit of it.
func newestTouches(ctx context.Context, st store.Store, f store.TouchFilter, limit int) (kept []store.Touch, err error) {
	trim := func() {
		slices.SortFunc(kept, func(a, b store.Touch) int {
			if n := a.ClaimedAt.Compare(b.ClaimedAt); n != 0 {
				return n
			}
			return strings.Compare(a.ID, b.ID)
		})
		kept = kept[max(0, len(kept)-limit):]
	}
	for {
		var page []store.Touch
		err := st.View(ctx, func(tx store.Tx) (err error) {
			page, err = tx.Touches(f)
			return err
		})
		if err != nil || len(page) == 0 {
			trim()
			return kept, err
		}
		kept = append(kept, page...)
		f.After = page[len(page)-1].ID
		if len(kept) > 2*limit {
			trim()
		}
	}
}

// touchRow is a touch as JSON.
type touchRow struct {
	Touch      string        `json:"touch"`
	Enrollment string        `json:"enrollment"`
	Account    string        `json:"account"`
	Contact    string        `json:"contact,omitempty"`
	Playbook   string        `json:"playbook"`
	Step       string        `json:"step"`
	Path       string        `json:"path"`
	Channel    string        `json:"channel"`
	To         string        `json:"to"`
	State      string        `json:"state"`
	Reason     string        `json:"reason,omitempty"`
	Provider   string        `json:"provider_id,omitempty"`
	Attempts   int           `json:"attempts"`
	Claimed    time.Time     `json:"claimed"`
	Sending    time.Time     `json:"sending,omitzero"`
	Done       time.Time     `json:"done,omitzero"`
	Sightings  []sightingRow `json:"sightings,omitempty"`
}

type sightingRow struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Message string    `json:"message,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}

func touchRowOf(h store.Touch, told []store.Sighting) touchRow {
	row := touchRow{
		Touch: h.ID, Enrollment: h.Enrollment, Account: h.Account, Contact: h.Contact, Playbook: h.Playbook, Step: h.Step, Path: h.Path,
		Channel: h.Channel, To: h.Recipient, State: string(h.State), Reason: h.Reason, Provider: h.ProviderID, Attempts: h.Attempts,
		Claimed: h.ClaimedAt, Sending: h.SendingAt, Done: h.DoneAt,
	}
	for _, t := range told {
		row.Sightings = append(row.Sightings, sightingRow{At: t.At, Kind: string(t.Kind), Message: t.Message, Detail: t.Detail})
	}
	return row
}

func showTouch(ctx context.Context, st store.Store, s Streams, o ledgerOptions, id string) error {
	var found []store.Touch
	var told []store.Sighting
	err := st.View(ctx, func(tx store.Tx) (err error) {
		if found, err = touchesNamed(tx, id); err != nil || len(found) != 1 {
			return err
		}
		told, err = tx.SightingsOf(found[0].ID)
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("read touch %s: %w", id, err)
	case len(found) == 0:
		e := holdfast.Errorf(holdfast.NotFound, "no touch begins with %q", id)
		e.Hint = "holdfast ledger list shows them"
		return e
	case len(found) > 1:
		return holdfast.Errorf(holdfast.Conflict, "several touches begin with %q", id)
	}
	row := touchRowOf(found[0], told)
	if o.json {
		return (&printer{out: s.Out, json: true}).JSON(row)
	}
	printTouch(s.Out, row)
	return nil
}

// touchesNamed are the touch of an id, or at most two that begin with it.
func touchesNamed(tx store.Tx, id string) (found []store.Touch, err error) {
	if h, err := tx.Touch(id); err == nil {
		return []store.Touch{h}, nil
	}
	page, err := tx.Touches(store.TouchFilter{After: id, Limit: 2})
	for _, h := range page {
		if id != "" && strings.HasPrefix(h.ID, id) {
			found = append(found, h)
		}
	}
	return found, err
}

func printTouch(w io.Writer, t touchRow) {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC1123Z)
	}
	for _, h := range [][2]string{
		{"Touch", t.Touch}, {"State", t.State}, {"Reason", t.Reason}, {"Account", t.Account}, {"Playbook", t.Playbook}, {"Path", t.Path},
		{"Enrollment", t.Enrollment}, {"Channel", t.Channel}, {"To", t.To}, {"Provider's id", t.Provider}, {"Attempts", fmt.Sprint(t.Attempts)},
		{"Claimed", at(t.Claimed)}, {"Sending", at(t.Sending)}, {"Done", at(t.Done)},
	} {
		header(w, h[0], h[1])
	}
	if len(t.Sightings) > 0 {
		fmt.Fprintln(w, "\nThe provider told:")
	}
	for _, s := range t.Sightings {
		fmt.Fprintf(w, "  %s  %-18s %s\n", s.At.UTC().Format("2006-01-02 15:04:05"), s.Kind, printable(s.Detail))
	}
}
