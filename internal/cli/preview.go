package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/app"
	"holdfast/internal/clock"
	"holdfast/internal/mail"
	"holdfast/internal/preview"
	"holdfast/internal/project"
	"holdfast/internal/sim"
)

// previewOptions are the flags of preview, most of which send-test has too.
type previewOptions struct {
	account, contact, playbook, locale, project, dir string
	set                                              []string
	out, open                                        string
	html, text, headers, json                        bool
	touch                                            string // the id that the mail has; "": one that no ledger holds
}

func (o *previewOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.account, "account", "", "the account: an id in the data directory, or FILE.csv#ID or FILE.jsonl#ID")
	f.StringVar(&o.contact, "contact", "", "a contact of the account (default: whom the step names first)")
	f.StringVar(&o.playbook, "playbook", "", "the playbook that sends it (default: the first that does)")
	f.StringVar(&o.locale, "locale", "", "a language that is wanted before the contact's own, such as id or pt-BR")
	f.StringVar(&o.project, "project", ".", "project directory")
	f.StringVar(&o.dir, "dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	f.StringArrayVar(&o.set, "set", nil, "a value that only a run has, such as event.plan=Pro or steps.call.notes=text; may be repeated")
}

func previewCommand(s Streams) *cobra.Command {
	var o previewOptions
	c := &cobra.Command{
		Use:   "preview TEMPLATE",
		Short: "Show an e-mail as it would be sent to somebody",
		Long: `Renders a template for one account by the code that sends it, and shows the
headers, the plain text and what there is to say: which file and language was
taken, which variables have no value and where, the size, and what mail clients
will not like. Nothing is sent and nothing is kept.

TEMPLATE is the name that an email step gives it, or its file. The account comes
from the data directory or, where there is none, from the project's accounts.csv;
FILE.csv#ID and FILE.jsonl#ID name another, as simulate takes it. Addresses that
lead back to Holdfast are of the right shape, and lead nowhere.

--open serves the mail on a loopback address, in a frame that runs no script. The
exit code is 1 when a variable has no value: such a mail would not be sent.`,
		Example: `  holdfast preview renewal/value --account acme
  holdfast preview renewal/value --account acme --locale id --contact dana
  holdfast preview renewal/value --account accounts.csv#acme --html > mail.html
  holdfast preview renewal/value --account acme --set event.plan=Pro --out previews
  holdfast preview renewal/value --account acme --open 127.0.0.1:0`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := lookAt(cmd.Context(), s, args[0], o, func(*project.Project) {})
			if err != nil {
				return err
			}
			if err := o.show(cmd.Context(), s, m); err != nil || m.Sent() {
				return err
			}
			return errFindings
		},
	}
	o.flags(c)
	f := c.Flags()
	f.BoolVar(&o.html, "html", false, "print the HTML part alone")
	f.BoolVar(&o.text, "text", false, "print the plain part alone")
	f.BoolVar(&o.headers, "headers", false, "print the headers alone")
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	f.StringVar(&o.out, "out", "", "write headers.txt, mail.txt and mail.html into this directory")
	f.StringVar(&o.open, "open", "", "serve the mail on this loopback address until interrupted, such as 127.0.0.1:0")
	c.MarkFlagsMutuallyExclusive("html", "text", "headers", "json", "out", "open")
	return c
}

// previewLinks have the shape of those of real mails; nothing is behind them.
func previewLinks(p *project.Project) func(touch string) activities.Links {
	return func(touch string) activities.Links {
		return app.LinksOf(p.Settings, [][]byte{[]byte("a preview signs with a key that nobody else has")}, touch)
	}
}

// lookAt answers for an account of a file or of a data directory. loaded is told
// of the project.
func lookAt(ctx context.Context, s Streams, template string, o previewOptions, loaded func(*project.Project)) (m preview.Mail, err error) {
	if o.account == "" {
		return m, &holdfast.Error{Code: holdfast.Invalid, Message: "whose mail is it?", Hint: "name an account with --account ID or --account FILE.csv#ID"}
	}
	q := preview.Question{Template: template, Playbook: o.playbook, Account: o.account, Contact: o.contact, Locale: o.locale, Touch: o.touch}
	if q.Set, err = settings(o.set); err != nil {
		return m, err
	}
	if q.Project, err = loadProject(o.project, s); err != nil {
		return m, err
	}
	q.Links = previewLinks(q.Project)
	loaded(q.Project)
	ref := o.account
	if file, _, is := strings.Cut(ref, "#"); !is || !exists(file) {
		table := filepath.Join(q.Project.Dir, "accounts.csv")
		st, err := app.OpenStore(ctx, o.dir)
		if err == nil {
			now, err := clockOf(ctx, st)
			if err == nil {
				m, err = preview.Stored(ctx, st, clock.NewVirtual(now), q)
			}
			return m, errors.Join(unrenderable(err), st.Close())
		}
		if holdfast.CodeOf(err) != holdfast.NotFound || !exists(table) {
			return m, err
		}
		ref = table + "#" + ref
	}
	var known []sim.Message
	now := realClock.Now()
	if q.Account, known, err = sim.ReadAccount(ctx, ref, now, q.Project.Rules); err != nil {
		return m, err
	}
	m, err = preview.Told(ctx, known, clock.NewVirtual(now), q)
	return m, unrenderable(err)
}

// unrenderable is a mistake in a template, in the words of the command.
func unrenderable(err error) error {
	if at, ok := errors.AsType[*mail.Error](err); ok {
		return holdfast.Errorf(holdfast.Invalid, "%s", at)
	}
	return err
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// settings are the NAME=VALUE of --set.
func settings(pairs []string) (map[string]string, error) {
	set := map[string]string{}
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || strings.Trim(name, ".") != name || name == "" {
			return nil, &holdfast.Error{Code: holdfast.Invalid, Message: "--set " + pair + ": expected a name and a value", Hint: "write --set event.plan=Pro"}
		}
		set[name] = value
	}
	return set, nil
}

// show prints or writes m as the flags ask.
func (o previewOptions) show(ctx context.Context, s Streams, m preview.Mail) error {
	switch {
	case o.html:
		_, err := fmt.Fprintln(s.Out, m.HTML)
		return err
	case o.text:
		_, err := io.WriteString(s.Out, printable(m.Text))
		return err
	case o.headers:
		return mailHeaders(s.Out, m)
	case o.json:
		return (&printer{out: s.Out, json: true}).JSON(m)
	case o.out != "":
		return o.write(s, m)
	case o.open != "":
		return serveMail(ctx, s, m, o.open)
	}
	said(s.Out, m)
	fmt.Fprintln(s.Out)
	if err := mailHeaders(s.Out, m); err != nil {
		return err
	}
	_, err := fmt.Fprintf(s.Out, "\n%s", printable(m.Text))
	return err
}

// said is what there is to say about m.
func said(w io.Writer, m preview.Mail) {
	fmt.Fprintf(w, "%s, step %s of %s (%s)\n", m.File, m.Step, m.Playbook, m.Class)
	fmt.Fprintf(w, "%.1f KB of HTML, of which Gmail shows %d\n", float64(len(m.HTML))/1024, mail.Clip>>10)
	for _, h := range m.Holes {
		fmt.Fprintf(w, "%s:%d: no value for %s: it would not be sent\n", h.File, h.Line, h.Variable)
	}
	for _, n := range m.Notes {
		fmt.Fprintf(w, "note: %s\n", printable(n))
	}
	for _, n := range m.Warnings {
		fmt.Fprintf(w, "warning: %s\n", printable(n))
	}
}

// mailHeaders prints the headers that the mail would have.
func mailHeaders(w io.Writer, m preview.Mail) error {
	for _, h := range [][2]string{
		{"From", reached(m.From)}, {"To", reached(m.To)}, {"Reply-To", strings.Join(m.Answers(), ", ")}, {"Subject", m.Subject},
	} {
		header(w, h[0], oneLine(h[1]))
	}
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		header(w, name, oneLine(m.Headers[name]))
	}
	return nil
}

// oneLine keeps a customer's name from beginning another header.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func (o previewOptions) write(s Streams, m preview.Mail) error {
	if err := os.MkdirAll(o.out, 0o750); err != nil {
		return err
	}
	var headers strings.Builder
	if err := mailHeaders(&headers, m); err != nil {
		return err
	}
	for name, text := range map[string]string{"headers.txt": headers.String(), "mail.txt": m.Text, "mail.html": m.HTML} {
		if err := os.WriteFile(filepath.Join(o.out, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	said(s.Out, m)
	fmt.Fprintf(s.Out, "written to %s: headers.txt, mail.txt, mail.html\n", o.out)
	return nil
}
