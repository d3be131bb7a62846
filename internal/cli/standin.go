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
	c := &cobra.Command{
		Use:    "standin",
		Short:  "Run stand-ins for SendGrid and Slack on this machine",
		Hidden: true,
		Long: `Runs stand-ins for SendGrid and Slack on loopback addresses until it is
interrupted. What they accept is counted by touch in a file that may be read
meanwhile. It prints one line of JSON with both base URLs when they listen.

Slack's stand-in shows what was posted on a page at /, to whoever was written to,
and sends clicks to an app on this machine at --slack-hooks.`,
		Example: "  holdfast standin --sendgrid 127.0.0.1:4701 --slack 127.0.0.1:4702 --record accepted.jsonl --faults 7:0.05\n  holdfast standin --slack-hooks http://127.0.0.1:8080/hooks/slack --signing-secret a-secret",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			plan, err := standin.ParsePlan(faults)
			if err != nil {
				return err
			}
			o.Plan = plan
			ctx := cmd.Context()
			pair, err := standin.Start(ctx, o)
			if err != nil {
				return err
			}
			ready, err := json.Marshal(map[string]string{"sendgrid": pair.SendGridURL, "slack": pair.SlackURL})
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
	return c
}
