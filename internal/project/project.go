// Package project reads a directory (or the shipped library) into compiled
// rules, playbooks and settings, with every finding. It writes nothing.
package project

import (
	"io/fs"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/playbooks"
	"holdfast/rules"
)

// Project is a directory that lints, compiled. Immutable.
type Project struct {
	Dir       string
	Settings  Settings
	Rules     *rules.Set
	Playbooks []*playbooks.Playbook // by name
	Team      []Person
	Templates fs.FS             // the project's own over the library's
	Sources   map[string]string // file -> text, for carets
}

// Settings are holdfast.yaml: the `project:` document.
type Settings struct {
	Name        string
	Timezone    string // default UTC
	Country     string
	Currency    string // ISO 4217
	Locale      string
	Sender      Sender
	Library     []string // shipped playbooks in use
	Closed      []calendar.Closed
	FiscalStart time.Month
	Channels    map[string]string // email: outbox|sendgrid; slack: outbox|slack
}

// Sender of e-mails when the owner is unknown.
type Sender struct{ Name, Email string }

// Person of team.yaml.
type Person struct {
	ID, Name, Email, Slack, Timezone, Manager, Role string
}

// Load reads dir: holdfast.yaml, rules/*.yaml, playbooks/*.yaml, templates/, team.yaml,
// and what holdfast.yaml takes from the shipped library. file may name one
// playbook file; its project is the nearest directory above with a holdfast.yaml.
func Load(path string) (*Project, []diag.Diagnostic, error) { return nil, nil, nil }
