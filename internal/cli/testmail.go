package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/preview"
	"holdfast/internal/project"
)

func sendTestCommand(s Streams) *cobra.Command {
	var o previewOptions
	var to string
	var force bool
	c := &cobra.Command{
		Use:   "send-test TEMPLATE",
		Short: "Send an e-mail to yourself, as somebody would get it",
		Long: `Renders a template for an account as preview does, and sends that one mail to
--to through the e-mail provider of the project, its subject marked [test]. It is
no touch: nothing is recorded, no cap counts it, and its unsubscribe link and reply
address lead nowhere.

It refuses an address that is suppressed, one of a contact in the data directory
unless --force, a mail in which a variable has no value, and everything while
sending is stopped. redirect_all_to of the project holds here too.`,
		Example: `  HOLDFAST_SENDGRID_KEY=… holdfast send-test renewal/value --to me@example.com --account acme
  holdfast send-test renewal/value --to me@example.com --account accounts.csv#acme --locale id`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return sendTest(cmd.Context(), s, args[0], o, preview.Test{To: to, Force: force})
		},
	}
	o.flags(c)
	c.Flags().StringVar(&to, "to", "", "the address that gets it")
	c.Flags().BoolVar(&force, "force", false, "send it although the address is a contact's")
	return c
}

func sendTest(ctx context.Context, s Streams, template string, o previewOptions, t preview.Test) error {
	if t.To == "" {
		return &holdfast.Error{Code: holdfast.Invalid, Message: "whom does it go to?", Hint: "write --to me@example.com"}
	}
	o.touch = holdfast.TouchID("send-test", rand.Text(), "", "")
	var p *project.Project
	m, err := lookAt(ctx, s, template, o, func(of *project.Project) { p = of })
	if err != nil {
		return err
	}
	if t.Way, err = app.EmailChannel(p, config.FromEnvironment()); err != nil {
		return err
	}
	t.RedirectAllTo = p.Settings.RedirectAllTo
	st, err := app.OpenStore(ctx, o.dir)
	switch {
	case err == nil:
		err = errors.Join(t.May(ctx, st), st.Close())
	case holdfast.CodeOf(err) == holdfast.NotFound:
		err = t.May(ctx, nil)
	}
	if err != nil {
		return err
	}
	said(s.Out, m)
	m.At = realClock.Now()
	sent, receipt, err := t.Send(ctx, m)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "sent to %s: %s\n", sent.To.Email, printable(sent.Subject))
	if receipt.ProviderID != "" {
		fmt.Fprintf(s.Out, "the provider knows it as %s\n", printable(receipt.ProviderID))
	}
	return nil
}
