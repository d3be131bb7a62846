package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/calendar"
	"holdfast/internal/explain"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/internal/store"
)

// explainOptions are the flags of explain.
type explainOptions struct {
	dir, project, at, event, contact, props, calendar string
	json, all, happened                               bool
}

func explainCommand(s Streams) *cobra.Command {
	var o explainOptions
	c := &cobra.Command{
		Use:   "explain ACCOUNT [PLAYBOOK]",
		Short: "Say why an account is in a playbook or not, and what comes next",
		Long: `Says for one account and each playbook whether it is enrolled and why, or which
part of which condition is false and what value it read; for each enrollment what
it waits for, when the next touch goes, and every shift that the guardrails make.

It reads the data directory and writes nothing, whether holdfast runs or not. The
answers come from the product's own code over a copy of the account in memory.

--event says what an event would do if it came now: what it starts, ends, meets
and wakes. --calendar lists everything due to go to the account, over all
playbooks. --at goes back: what was known at that moment. ACCOUNT may be a row of
a file instead, FILE.csv#ID or FILE.jsonl#ID as simulate takes it, so that a
playbook can be asked about before anything runs.

Every part of an expression is evaluated, those too that the answer did not need;
such a part is marked with a dot.`,
		Example: `  holdfast explain acme
  holdfast explain acme renewal-90 --json
  holdfast explain acme --event email.replied --contact dana
  holdfast explain acme --event "Ticket Opened" --props '{"priority": "urgent"}'
  holdfast explain acme --calendar 90d
  holdfast explain acme win-back --at 2026-03-01
  holdfast explain accounts.csv#acme --project .`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error { return runExplain(cmd.Context(), s, args, o) },
	}
	f := c.Flags()
	f.StringVar(&o.dir, "dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	f.StringVar(&o.project, "project", ".", "project directory")
	f.StringVar(&o.at, "at", "", "the moment: a date or an RFC 3339 time (default: now)")
	f.BoolVar(&o.happened, "happened", false, "with --at: what had happened by then, whenever it was received, as after an import")
	f.StringVar(&o.event, "event", "", "an event that would come: its declared name")
	f.StringVar(&o.contact, "contact", "", "whom the event comes from: a contact id")
	f.StringVar(&o.props, "props", "", "the event's properties: a JSON object, or a file that holds one")
	f.StringVar(&o.calendar, "calendar", "", "list everything due in such a span, such as 90d")
	f.BoolVar(&o.all, "all", false, "unfold every playbook, not only those that have something to say")
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	return c
}

func runExplain(ctx context.Context, s Streams, args []string, o explainOptions) error {
	q := explain.Question{Account: args[0], Event: o.event, Contact: o.contact, Happened: o.happened}
	if len(args) > 1 {
		q.Playbook = args[1]
	}
	if o.happened && o.at == "" {
		return holdfast.Errorf(holdfast.Invalid, "--happened belongs to a moment: name it with --at")
	}
	var err error
	if q.Props, err = eventProps(o); err != nil {
		return err
	}
	p, err := loadProject(o.project, s)
	if err != nil {
		return err
	}
	r, err := answered(ctx, p, q, o)
	if err != nil {
		return err
	}
	if o.json {
		out := json.NewEncoder(s.Out)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(r)
	}
	return r.Print(s.Out, explain.Style{Color: terminal(s.Out), All: o.all || q.Playbook != "", Calendar: o.calendar != ""})
}

// answered asks files or a data directory.
func answered(ctx context.Context, p *project.Project, q explain.Question, o explainOptions) (*explain.Report, error) {
	file, _, isFile := strings.Cut(q.Account, "#")
	if isFile {
		_, err := os.Stat(file)
		isFile = err == nil
	}
	if isFile {
		if err := moments(&q, o, realClock.Now()); err != nil {
			return nil, err
		}
		q.Then = false // a file is read as it was known then
		id, known, err := sim.ReadAccount(ctx, q.Account, q.At, p.Rules)
		if err != nil {
			return nil, err
		}
		q.Account = id
		return explain.Told(ctx, p, known, q)
	}
	var r *explain.Report
	err := withStore(ctx, app.OpenStore, o.dir, func(st store.Store) error {
		now, err := clockOf(ctx, st)
		if err != nil {
			return err
		}
		if err := moments(&q, o, now); err != nil {
			return err
		}
		if q.At.After(now) {
			return &holdfast.Error{Code: holdfast.Invalid, Message: "--at " + o.at + " lies ahead", Hint: "--calendar 90d looks ahead"}
		}
		if q.Then && !q.Calendar.IsZero() {
			return holdfast.Errorf(holdfast.Invalid, "--calendar looks ahead from now: --at cannot go back with it")
		}
		r, err = explain.Stored(ctx, st, p, q)
		return err
	})
	return r, err
}

// clockOf is where the directory's clock stands: the machine's or, in a
// compressed run, its own.
func clockOf(ctx context.Context, st store.Store) (now time.Time, err error) {
	now = realClock.Now()
	err = st.View(ctx, func(tx store.Tx) error {
		was, err := tx.MetaGet("virtual_now")
		if err != nil || was == "" {
			return err
		}
		now, err = time.Parse(time.RFC3339Nano, was)
		return err
	})
	return now, err
}

// moments reads --at and --calendar.
func moments(q *explain.Question, o explainOptions, now time.Time) error {
	q.At = now.UTC().Truncate(time.Second)
	if o.at != "" {
		at, err := intake.ParseTime(o.at)
		if err != nil {
			return fmt.Errorf("--at %w", err)
		}
		q.At, q.Then = at, at.Before(q.At)
	}
	if o.calendar == "" {
		return nil
	}
	span, err := calendar.ParseSpan(o.calendar)
	if err != nil {
		return fmt.Errorf("--calendar %w", err)
	}
	q.Calendar = span.Add(q.At, calendar.Days{})
	return nil
}

// eventProps are the JSON object of --props, or of the file that it names.
func eventProps(o explainOptions) (map[string]any, error) {
	if o.event == "" && (o.props != "" || o.contact != "") {
		return nil, holdfast.Errorf(holdfast.Invalid, "--props and --contact belong to an event: name it with --event")
	}
	text := strings.TrimSpace(o.props)
	if text == "" {
		return nil, nil
	}
	if !strings.HasPrefix(text, "{") {
		b, err := os.ReadFile(o.props)
		if err != nil {
			return nil, fmt.Errorf("--props: %w", err)
		}
		text = string(b)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	props := map[string]any{}
	if err := d.Decode(&props); err != nil {
		return nil, &holdfast.Error{Code: holdfast.Invalid, Message: "--props holds no JSON object: " + jsonWords(err), Hint: `write '{"priority": "urgent"}'`}
	}
	return props, nil
}

func jsonWords(err error) string {
	if at, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("it goes wrong at character %d", at.Offset)
	}
	return err.Error()
}
