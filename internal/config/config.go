// Package config is what the machine, not the project, says: secrets and
// addresses from the environment. Besides cmd it is the only reader of the
// environment. It holds no defaults that send anything.
package config

import (
	"os"
	"strings"
)

// Environment are the variables that are read. All may be empty.
type Environment struct {
	SendGridKey string // HOLDFAST_SENDGRID_KEY
	SendGridURL string // HOLDFAST_SENDGRID_URL: another host, such as a loopback stand-in
	SlackToken  string // HOLDFAST_SLACK_TOKEN
	SlackURL    string // HOLDFAST_SLACK_URL
	// WebhookSecrets are HOLDFAST_WEBHOOK_<NAME>_SECRET, by name in small letters,
	// with - for _.
	WebhookSecrets map[string]string
	NoColor        bool // NO_COLOR is set (https://no-color.org)
}

// FromEnvironment reads it.
func FromEnvironment() Environment {
	return Environment{
		SendGridKey:    os.Getenv("HOLDFAST_SENDGRID_KEY"),
		SendGridURL:    os.Getenv("HOLDFAST_SENDGRID_URL"),
		SlackToken:     os.Getenv("HOLDFAST_SLACK_TOKEN"),
		SlackURL:       os.Getenv("HOLDFAST_SLACK_URL"),
		WebhookSecrets: webhookSecrets(os.Environ()),
		NoColor:        os.Getenv("NO_COLOR") != "",
	}
}

// WebhookVariable is where the secret of an endpoint is looked for.
func WebhookVariable(endpoint string) string {
	return "HOLDFAST_WEBHOOK_" + strings.ToUpper(strings.ReplaceAll(endpoint, "-", "_")) + "_SECRET"
}

func webhookSecrets(environ []string) map[string]string {
	secrets := map[string]string{}
	for _, pair := range environ {
		key, value, _ := strings.Cut(pair, "=")
		rest, ok := strings.CutPrefix(key, "HOLDFAST_WEBHOOK_")
		endpoint, ends := strings.CutSuffix(rest, "_SECRET")
		if ok && ends {
			secrets[strings.ToLower(strings.ReplaceAll(endpoint, "_", "-"))] = value
		}
	}
	return secrets
}
