// Package config is what the machine, not the project, says: secrets and
// addresses from the environment. Besides cmd it is the only reader of the
// environment. It holds no defaults that send anything.
package config

import (
	"os"
	"os/user"
	"strconv"
	"strings"
)

// Environment are the variables that are read. All may be empty.
type Environment struct {
	SendGridKey string // HOLDFAST_SENDGRID_KEY
	SendGridURL string // HOLDFAST_SENDGRID_URL: another host, such as a loopback stand-in
	SlackToken  string // HOLDFAST_SLACK_TOKEN
	SlackURL    string // HOLDFAST_SLACK_URL
	// What providers sign with. Without one, its calls are refused.
	SendGridEventKey   string // HOLDFAST_SENDGRID_EVENT_KEY: the Event Webhook's public key, base64
	SendGridInboundKey string // HOLDFAST_SENDGRID_INBOUND_KEY: the secret in the address that Inbound Parse posts to
	// SendGridInboundSigned is the public key of Inbound Parse's security policy, base64: HOLDFAST_SENDGRID_INBOUND_SIGNED_KEY.
	// With it, mails that come in without a signature are refused.
	SendGridInboundSigned string
	SlackSigningSecret    string // HOLDFAST_SLACK_SIGNING_SECRET
	SlackAppToken         string // HOLDFAST_SLACK_APP_TOKEN (xapp-): Socket Mode
	SMTPURL               string // HOLDFAST_SMTP_URL: smtps://user:password@host:465, or smtp:// with STARTTLS
	// LinkKeys sign the links in mails: HOLDFAST_LINK_KEYS, the newest first, by comma. None: one
	// is drawn and kept in the data directory.
	LinkKeys []string
	// WebhookSecrets are HOLDFAST_WEBHOOK_<NAME>_SECRET, by name in small letters,
	// with - for _.
	WebhookSecrets map[string]string
	// SourceSecrets are HOLDFAST_SECRET_<NAME>, by name in small letters: what the senders of sources sign
	// with. Several, with a space between, while one takes the place of another.
	SourceSecrets map[string][]string
	// DatabaseURL is HOLDFAST_DATABASE_URL: a PostgreSQL database instead of the data directory's file,
	// as libpq takes it (postgres://user:password@host:5432/database?sslmode=verify-full).
	DatabaseURL string
	// Migrate is HOLDFAST_MIGRATE: "off" keeps a process from changing the shape of a database, which
	// holdfast migrate then does; "" and "on" bring it up to date at the start.
	Migrate  string
	Temporal Temporal
	// PayloadKeys encrypt what Temporal keeps: HOLDFAST_PAYLOAD_KEYS, id:base64 by comma. The first
	// encrypts, all decrypt.
	PayloadKeys []string
	Worker      Worker
	CodecToken  string // HOLDFAST_CODEC_TOKEN: what callers of the codec server must know
	// OperationsToken is HOLDFAST_OPERATIONS_TOKEN: what asks for metrics from another machine shows it.
	OperationsToken string
	TraceEndpoint   string // OTEL_EXPORTER_OTLP_ENDPOINT: where traces go, by OTLP over HTTP; "" nowhere
	NoColor         bool   // NO_COLOR is set (https://no-color.org)
	By              string // who does it: HOLDFAST_BY, GITHUB_ACTOR, GITLAB_USER_LOGIN, USER or USERNAME
	User            string // whom the operating system runs us as: a name, or a number where it has none
	Commit          string // what CI checked out: HOLDFAST_COMMIT, GITHUB_SHA or CI_COMMIT_SHA
}

// Temporal is a cluster to use instead of the server inside this process. An
// Address turns it on; without certificate, authority or key it is spoken to in
// plain text.
type Temporal struct {
	Address   string // HOLDFAST_TEMPORAL_ADDRESS, host:port of the frontend
	Namespace string // HOLDFAST_TEMPORAL_NAMESPACE; "" is holdfast
	TLSCert   string // HOLDFAST_TEMPORAL_TLS_CERT: PEM file of the client's certificate
	TLSKey    string // HOLDFAST_TEMPORAL_TLS_KEY: PEM file of its key
	TLSCA     string // HOLDFAST_TEMPORAL_TLS_CA: PEM file of who signed the server's; "" is the system's
	APIKey    string // HOLDFAST_TEMPORAL_API_KEY, as Temporal Cloud has them; goes over TLS alone
}

// Worker is how much a worker does at most, as text. "" is no limit.
type Worker struct {
	Concurrency string // HOLDFAST_WORKER_CONCURRENCY: enrollments that are walked at once
	Rate        string // HOLDFAST_WORKER_RATE: walks begun in a second
	Build       string // HOLDFAST_WORKER_BUILD: for Temporal's worker versioning; "" takes no part in it
}

// Elsewhere reports whether both the database and Temporal are: then nothing is kept
// in a data directory, and several processes may share the work.
func (e Environment) Elsewhere() bool { return e.DatabaseURL != "" && e.Temporal.Address != "" }

// FromEnvironment reads it.
func FromEnvironment() Environment {
	return Environment{
		SendGridKey:           os.Getenv("HOLDFAST_SENDGRID_KEY"),
		SendGridURL:           os.Getenv("HOLDFAST_SENDGRID_URL"),
		SlackToken:            os.Getenv("HOLDFAST_SLACK_TOKEN"),
		SlackURL:              os.Getenv("HOLDFAST_SLACK_URL"),
		SendGridEventKey:      os.Getenv("HOLDFAST_SENDGRID_EVENT_KEY"),
		SendGridInboundKey:    os.Getenv("HOLDFAST_SENDGRID_INBOUND_KEY"),
		SendGridInboundSigned: os.Getenv("HOLDFAST_SENDGRID_INBOUND_SIGNED_KEY"),
		SlackSigningSecret:    os.Getenv("HOLDFAST_SLACK_SIGNING_SECRET"),
		SlackAppToken:         os.Getenv("HOLDFAST_SLACK_APP_TOKEN"),
		SMTPURL:               os.Getenv("HOLDFAST_SMTP_URL"),
		LinkKeys:              list(os.Getenv("HOLDFAST_LINK_KEYS")),
		WebhookSecrets:        webhookSecrets(os.Environ()),
		SourceSecrets:         sourceSecrets(os.Environ()),
		DatabaseURL:           os.Getenv("HOLDFAST_DATABASE_URL"),
		Migrate:               os.Getenv("HOLDFAST_MIGRATE"),
		Temporal: Temporal{
			Address:   os.Getenv("HOLDFAST_TEMPORAL_ADDRESS"),
			Namespace: os.Getenv("HOLDFAST_TEMPORAL_NAMESPACE"),
			TLSCert:   os.Getenv("HOLDFAST_TEMPORAL_TLS_CERT"),
			TLSKey:    os.Getenv("HOLDFAST_TEMPORAL_TLS_KEY"),
			TLSCA:     os.Getenv("HOLDFAST_TEMPORAL_TLS_CA"),
			APIKey:    os.Getenv("HOLDFAST_TEMPORAL_API_KEY"),
		},
		PayloadKeys: list(os.Getenv("HOLDFAST_PAYLOAD_KEYS")),
		Worker: Worker{
			Concurrency: os.Getenv("HOLDFAST_WORKER_CONCURRENCY"),
			Rate:        os.Getenv("HOLDFAST_WORKER_RATE"),
			Build:       os.Getenv("HOLDFAST_WORKER_BUILD"),
		},
		CodecToken:      os.Getenv("HOLDFAST_CODEC_TOKEN"),
		OperationsToken: os.Getenv("HOLDFAST_OPERATIONS_TOKEN"),
		TraceEndpoint:   os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"),

		NoColor: os.Getenv("NO_COLOR") != "",
		By:      first("HOLDFAST_BY", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "USERNAME"),
		User:    systemUser(),
		Commit:  first("HOLDFAST_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA"),
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

const sourceVariable = "HOLDFAST_SECRET_"

// SourceVariable is where the secret that a source names is looked for.
func SourceVariable(secret string) string { return sourceVariable + strings.ToUpper(secret) }

func sourceSecrets(environ []string) map[string][]string {
	secrets := map[string][]string{}
	for _, pair := range environ {
		key, value, _ := strings.Cut(pair, "=")
		if name, ok := strings.CutPrefix(key, sourceVariable); ok {
			secrets[strings.ToLower(name)] = strings.Fields(value)
		}
	}
	return secrets
}

// list is what stands between commas, without spaces and empty parts.
func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// systemUser cannot be chosen by whoever sets the environment.
func systemUser() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return strconv.Itoa(os.Getuid())
}

// first of the variables that is set.
func first(names ...string) string {
	for _, name := range names {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	return ""
}
