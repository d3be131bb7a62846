package main_test

import (
	"context"

	"github.com/rogpeppe/go-internal/testscript"

	"holdfast/channels/standin"
)

// standIn runs the stand-ins until the script ends, says their addresses and
// keys in the environment, and keeps what they accept in FILE.
func standIn(ts *testscript.TestScript, _ bool, args []string) {
	pair, err := standin.Start(context.Background(), standin.Options{File: ts.MkAbs(args[0])})
	ts.Check(err)
	ts.Defer(func() { ts.Check(pair.Close()) })
	for name, value := range map[string]string{
		"HOLDFAST_SENDGRID_URL": pair.SendGridURL, "HOLDFAST_SENDGRID_KEY": "SG.stand-in",
		"HOLDFAST_SLACK_URL": pair.SlackURL, "HOLDFAST_SLACK_TOKEN": "xoxb-stand-in",
	} {
		ts.Setenv(name, value)
	}
}
