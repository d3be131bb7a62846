package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/store"
)

// openStore opens a data directory's store beside a running server.
type openStore func(ctx context.Context, dir string) (store.Store, error)

// outboxPage is how many messages are read in one transaction.
const outboxPage = 500

// outboxOptions are the flags of outbox.
type outboxOptions struct {
	dir, account string
	json, html   bool
}

func outboxCommand(s Streams, open openStore) *cobra.Command {
	var o outboxOptions
	c := &cobra.Command{
		Use:   "outbox",
		Short: "Read the messages that the outbox channel kept instead of sending",
	}
	c.PersistentFlags().StringVar(&o.dir, "dir", ".holdfast", "data directory")
	c.PersistentFlags().BoolVar(&o.json, "json", false, "print JSON, one message a line")

	list := &cobra.Command{
		Use:     "list",
		Short:   "List kept messages, oldest first",
		Example: "  holdfast outbox list --account acme",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd.Context(), open, o.dir, func(st store.Store) error { return listOutbox(cmd.Context(), s.Out, st, o) })
		},
	}
	list.Flags().StringVar(&o.account, "account", "", "only this account's")

	show := &cobra.Command{
		Use:     "show TOUCH",
		Short:   "Show one kept message; the beginning of a touch id will do",
		Example: "  holdfast outbox show k3v9q2\n  holdfast outbox show k3v9q2 --html > mail.html",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withStore(cmd.Context(), open, o.dir, func(st store.Store) error { return showOutbox(cmd.Context(), s.Out, st, args[0], o) })
		},
	}
	show.Flags().BoolVar(&o.html, "html", false, "print the HTML part alone")
	c.AddCommand(list, show)
	return c
}

func withStore(ctx context.Context, open openStore, dir string, use func(store.Store) error) error {
	st, err := open(ctx, dir)
	if err != nil {
		return err
	}
	return errors.Join(use(st), st.Close())
}

// keptMessage is a message and where it came from.
type keptMessage struct {
	store.Outmail
	Playbook, Step string
}

// outbox reads kept messages a page at a time, in the order they were kept.
func outbox(ctx context.Context, st store.Store, account string, each func([]keptMessage) error) error {
	for after := int64(0); ; {
		var page []keptMessage
		err := st.View(ctx, func(tx store.Tx) error {
			page = page[:0]
			ms, err := tx.Messages(account, after, outboxPage)
			if err != nil {
				return err
			}
			for _, m := range ms {
				k := keptMessage{Outmail: m}
				t, err := tx.Touch(m.Touch)
				if err != nil && !errors.Is(err, store.ErrNotFound) {
					return err
				}
				k.Playbook, k.Step = t.Playbook, t.Step
				page = append(page, k)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the outbox: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		if err := each(page); err != nil {
			return err
		}
		after = page[len(page)-1].Seq
	}
}

// outboxRow is a message of the list, as JSON.
type outboxRow struct {
	At       time.Time `json:"at"`
	Account  string    `json:"account"`
	Playbook string    `json:"playbook,omitempty"`
	Step     string    `json:"step,omitempty"`
	Channel  string    `json:"channel"`
	To       string    `json:"to"`
	Subject  string    `json:"subject"`
	Touch    string    `json:"touch"`
}

func rowOf(m keptMessage) outboxRow {
	return outboxRow{
		At: m.At, Account: m.Account, Playbook: m.Playbook, Step: m.Step, Channel: m.Channel,
		To: reached(m.To), Subject: headline(m.Outbound), Touch: m.Touch,
	}
}

func listOutbox(ctx context.Context, w io.Writer, st store.Store, o outboxOptions) error {
	p := &printer{out: w, json: o.json}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	rows := 0
	err := outbox(ctx, st, o.account, func(page []keptMessage) error {
		for _, m := range page {
			row := rowOf(m)
			if o.json {
				if err := p.JSON(row); err != nil {
					return err
				}
				continue
			}
			if rows == 0 {
				fmt.Fprintln(table, "AT\tACCOUNT\tPLAYBOOK\tCHANNEL\tTO\tSUBJECT\tTOUCH")
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row.At.UTC().Format("2006-01-02 15:04"), cell(row.Account, 24),
				cell(row.Playbook, 24), row.Channel, cell(row.To, 32), cell(row.Subject, 48), row.Touch)
			rows++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if rows == 0 && !o.json {
		fmt.Fprintln(w, "the outbox is empty")
	}
	return table.Flush()
}

func showOutbox(ctx context.Context, w io.Writer, st store.Store, touch string, o outboxOptions) error {
	m, err := findMessage(ctx, st, touch)
	if err != nil {
		return err
	}
	switch {
	case o.json:
		return (&printer{out: w, json: true}).JSON(m)
	case o.html && m.HTML == "":
		return holdfast.Errorf(holdfast.NotFound, "touch %s has no HTML part", m.Touch)
	case o.html:
		_, err := fmt.Fprintln(w, m.HTML)
		return err
	}
	for _, h := range [][2]string{
		{"Touch", m.Touch}, {"Account", m.Account}, {"Playbook", strings.Trim(m.Playbook+" / "+m.Step, " /")}, {"Channel", m.Channel},
		{"Date", m.At.UTC().Format(time.RFC1123Z)}, {"From", reached(m.From)}, {"To", reached(m.To)}, {"Reply-To", strings.Join(m.Answers(), ", ")}, {"Subject", m.Subject},
	} {
		header(w, h[0], h[1])
	}
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		header(w, name, m.Headers[name])
	}
	if t := m.Task; t != nil {
		header(w, "Task", t.Title)
		header(w, "Owner", t.Owner)
		if !t.Due.IsZero() {
			header(w, "Due", t.Due.UTC().Format(time.RFC1123Z))
		}
	}
	fmt.Fprintln(w)
	body := m.Text
	if m.Task != nil && m.Task.Brief != "" {
		body += "\n\n" + m.Task.Brief
	}
	_, err = fmt.Fprintln(w, strings.TrimRight(printable(body), "\n"))
	return err
}

func header(w io.Writer, name, value string) {
	if value != "" {
		fmt.Fprintf(w, "%s: %s\n", name, printable(value))
	}
}

// findMessage finds a message by its touch id, or by a beginning that only one has.
func findMessage(ctx context.Context, st store.Store, touch string) (keptMessage, error) {
	var found []keptMessage
	err := outbox(ctx, st, "", func(page []keptMessage) error {
		for _, m := range page {
			if strings.HasPrefix(m.Touch, touch) {
				found = append(found, m)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return keptMessage{}, err
	case len(found) == 0:
		e := holdfast.Errorf(holdfast.NotFound, "no message of touch %s in the outbox", touch)
		e.Hint = "holdfast outbox list shows them"
		return keptMessage{}, e
	case len(found) > 1:
		return keptMessage{}, holdfast.Errorf(holdfast.Conflict, "%d messages have a touch that begins with %s", len(found), touch)
	}
	return found[0], nil
}

// reached is an address as people write it.
func reached(a holdfast.Address) string {
	switch {
	case a.Email != "" && a.Name != "":
		return a.Name + " <" + a.Email + ">"
	case a.Email != "":
		return a.Email
	case a.Name != "" && a.Name != a.ID:
		return a.Name + " (" + a.ID + ")"
	}
	return a.ID
}

// headline is what a message says in one line.
func headline(m holdfast.Outbound) string {
	switch {
	case m.Subject != "":
		return m.Subject
	case m.Task != nil:
		return m.Task.Title
	}
	first, _, _ := strings.Cut(strings.TrimSpace(m.Text), "\n")
	return first
}

// cell is s as one column of a table shows it.
func cell(s string, width int) string {
	return fit(strings.Join(strings.Fields(printable(s)), " "), width)
}

// printable keeps a customer's text from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if (r < ' ' && r != '\n') || r == 0x7f || (r >= 0x80 && r < 0xa0) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) {
			return -1
		}
		return r
	}, s)
}
