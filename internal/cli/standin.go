package cli

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"holdfast/channels/standin"
)

// standinCommand is for development and tests, and hidden from the help.
func standinCommand(s Streams) *cobra.Command {
	var o standin.Options
	var faults string
	var hooks standin.Webhooks
	c := &cobra.Command{
		Use:    "standin",
		Short:  "Run stand-ins for SendGrid and Slack on this machine",
		Hidden: true,
		Long: `Runs stand-ins for SendGrid and Slack on loopback addresses until it is
interrupted. What they accept is counted by touch in a file that may be read
meanwhile. It prints one line of JSON with both base URLs when they listen, and
with the key of its webhooks.

With --events it tells what happened to mails, as SendGrid's Event Webhook does:
signed, out of order, some of it twice, and again until it is answered. An address
that begins with bounce@, blocked@, drop@, spam@, unsubscribe@, defer@ or open@ says
what happens to its mails. With --inbound, POST /standin/replies with
{"touch": "…", "text": "…"} makes a customer answer.

Slack's stand-in shows what was posted on a page at /, to whoever was written to,
and sends clicks to an app on this machine at --slack-hooks.`,
		Example: `  holdfast standin --sendgrid 127.0.0.1:4701 --slack 127.0.0.1:4702 --record accepted.jsonl --faults 7:0.05
  holdfast standin --events http://127.0.0.1:8080/hooks/sendgrid/events --seed 7 --repeat 0.1
  holdfast standin --slack-hooks http://127.0.0.1:8080/hooks/slack --signing-secret a-secret`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			plan, err := standin.ParsePlan(faults)
			if err != nil {
				return err
			}
			o.Plan = plan
			if hooks.Events != "" || hooks.Inbound != "" {
				o.Webhooks = &hooks
			}
			ctx := cmd.Context()
			pair, err := standin.Start(ctx, o)
			if err != nil {
				return err
			}
			ready, err := json.Marshal(map[string]string{"sendgrid": pair.SendGridURL, "slack": pair.SlackURL, "key": pair.PublicKey()})
			if err != nil {
				return errors.Join(err, pair.Close())
			}
			fmt.Fprintf(s.Out, "%s\n", ready)
			<-ctx.Done()
			return pair.Close()
		},
	}
	c.Flags().StringVar(&o.SendGrid, "sendgrid", "127.0.0.1:0", "address of SendGrid's stand-in")
	c.Flags().StringVar(&o.Slack, "slack", "127.0.0.1:0", "address of Slack's stand-in")
	c.Flags().StringVar(&o.Workspace.Hooks, "slack-hooks", "", "base of the app's addresses for clicks, such as http://127.0.0.1:8080/hooks/slack")
	c.Flags().StringVar(&o.Workspace.SigningSecret, "signing-secret", "", "what clicks are signed with")
	c.Flags().StringVar(&o.File, "record", "", "file that accepted messages are appended to")
	c.Flags().StringVar(&faults, "faults", "", "SEED:RATE of provider faults, such as 7:0.05")
	c.Flags().StringVar(&hooks.Events, "events", "", "where SendGrid's events are posted")
	c.Flags().StringVar(&hooks.Inbound, "inbound", "", "where mails that answer are posted, with the secret of the address")
	c.Flags().Uint64Var(&hooks.Seed, "seed", 1, "seed of the events and of the key that signs them")
	c.Flags().DurationVar(&hooks.Delay, "delay", 0, "the most that passes before an event is told (default 300ms)")
	c.Flags().Float64Var(&hooks.Repeat, "repeat", 0, "share of events that are told twice, such as 0.1")
	return c
}
