// Package config is what the machine, not the project, says: secrets and
// addresses from the environment. Besides cmd it is the only reader of the
// environment. It holds no defaults that send anything.
package config

import "os"

// Environment are the variables that are read. All may be empty.
type Environment struct {
	SendGridKey string // HOLDFAST_SENDGRID_KEY
	SendGridURL string // HOLDFAST_SENDGRID_URL: another host, such as a loopback stand-in
	SlackToken  string // HOLDFAST_SLACK_TOKEN
	SlackURL    string // HOLDFAST_SLACK_URL
	NoColor     bool   // NO_COLOR is set (https://no-color.org)
}

// FromEnvironment reads it.
func FromEnvironment() Environment {
	return Environment{
		SendGridKey: os.Getenv("HOLDFAST_SENDGRID_KEY"),
		SendGridURL: os.Getenv("HOLDFAST_SENDGRID_URL"),
		SlackToken:  os.Getenv("HOLDFAST_SLACK_TOKEN"),
		SlackURL:    os.Getenv("HOLDFAST_SLACK_URL"),
		NoColor:     os.Getenv("NO_COLOR") != "",
	}
}
