// Package preview shows one e-mail as it would be sent, to whoever writes it: the
// product's own code renders it, for an account of a data directory or of a
// file. It sends nothing and keeps nothing.
package preview

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels"
	"holdfast/channels/outbox"
	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/mail"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/playbooks"
	"holdfast/rules"
)

// Question is which mail, and to whom.
type Question struct {
	Project  *project.Project
	Template string // renewal/value, or its file
	Playbook string // "": the first, by name, that sends the template
	Account  string
	Contact  string            // "": whom the step names first
	Locale   string            // wanted before the contact's own
	Set      map[string]string // values that only a run has, by dotted name
	Touch    string            // the id it would have; "": one that no ledger holds
	// Links are what leads back from the touch; nil: nothing does.
	Links func(touch string) activities.Links
}

// Mail is the answer.
type Mail struct {
	holdfast.Outbound
	Playbook string   `json:"playbook"`
	Step     string   `json:"step"`
	Class    string   `json:"class"`
	File     string   `json:"file"`             // that it was made of
	Locale   string   `json:"locale,omitempty"` // of that file
	Wanted   []string `json:"wanted"`           // the locales that were looked for, in order
	Holes    []Hole   `json:"missing,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	Notes    []string `json:"notes,omitempty"`
	Stopped  string   `json:"stopped,omitempty"` // who stopped sending
}

// Hole is a variable without a value: with one of them, the mail is not sent.
type Hole struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Variable string `json:"variable"`
}

// Stored answers from a data directory's store, whose clock now is.
func Stored(ctx context.Context, st store.Store, now clock.Clock, q Question) (Mail, error) {
	u, err := q.find()
	if err != nil {
		return Mail{}, err
	}
	settings := activities.ProjectOf(q.Project)
	a, err := activities.New(activities.Config{
		Store: st, Clock: now, Links: q.Links,
		Rules:    func() *rules.Set { return q.Project.Rules },
		Project:  func() activities.Project { return settings },
		Channels: map[string]channels.Channel{"email": outbox.New("email", st)},
	})
	if err != nil {
		return Mail{}, err
	}
	seen, err := a.Preview(ctx, activities.Preview{
		Playbook: u.book, Step: u.step.ID, Account: q.Account, Contact: q.Contact, Locale: q.Locale, Set: q.Set, Touch: q.Touch,
	})
	if err != nil {
		return Mail{}, err
	}
	return q.told(u, seen), nil
}

// Told answers for an account that messages tell of; now is when they are all in.
func Told(ctx context.Context, known []sim.Message, now clock.Clock, q Question) (Mail, error) {
	st := memory.New()
	defer st.Close() //nolint:errcheck,contextcheck // it is memory
	in := &intake.Intake{
		Store: st, Clock: now, Log: slog.New(slog.DiscardHandler), Poke: func() {},
		Rules:     func() *rules.Set { return q.Project.Rules },
		Playbooks: func() []*playbooks.Playbook { return nil },
	}
	plain := make([]holdfast.Message, len(known))
	for i, m := range known {
		plain[i] = m.Message
		plain[i].Source = "system" // a file may tell of our own events
	}
	res, err := in.Take(ctx, plain, intake.History)
	if err != nil {
		return Mail{}, err
	}
	for _, bad := range res.Problems {
		return Mail{}, holdfast.Errorf(holdfast.Invalid, "%s: %s", known[bad.Index].Place, bad.Reason)
	}
	return Stored(ctx, st, now, q)
}

// told is what was seen, with what there is to say about it.
func (q Question) told(u use, seen activities.Previewed) Mail {
	m := Mail{
		Outbound: seen.Message, Playbook: u.book.Name, Step: u.step.ID, Class: u.book.Class,
		File: seen.File, Locale: seen.Locale, Wanted: seen.Wanted, Stopped: seen.Stopped,
	}
	for _, h := range seen.Missing {
		m.Holes = append(m.Holes, Hole{File: h.File, Line: h.Line, Variable: h.Variable})
	}
	if note := m.fellBack(q.Project.Settings.Locale); note != "" {
		m.Notes = append(m.Notes, note)
	}
	if seen.Kept != "" {
		m.Notes = append(m.Notes, "it would not go to "+m.To.ID+" now: "+seen.Kept)
	}
	if m.Stopped != "" {
		m.Notes = append(m.Notes, "sending is stopped, by "+m.Stopped)
	}
	m.Warnings = mail.Rendered{HTML: m.HTML}.Inspect()
	if m.Class == playbooks.Outreach && m.Headers["List-Unsubscribe"] == "" {
		m.Warnings = append(m.Warnings, "outreach without a way to unsubscribe: set public_url in holdfast.yaml")
	}
	if m.From.Email == "" {
		m.Warnings = append(m.Warnings, "nobody sends it: give the account's owner an address in team.yaml, or the project a sender")
	}
	return m
}

// fellBack says which file stands in for the language that was wanted first.
func (m Mail) fellBack(projectLocale string) string {
	if len(m.Wanted) == 0 || slices.Contains(mail.Chain(m.Wanted[0]), m.Locale) {
		return ""
	}
	if m.Locale == "" && language(m.Wanted[0]) == language(projectLocale) {
		return "" // the file without a locale is in the project's language
	}
	return fmt.Sprintf("there is no file for %s: %s is taken (looked for %s, then the one without a locale)", m.Wanted[0], m.File, strings.Join(m.Wanted, ", "))
}

func language(locale string) string {
	lang, _, _ := strings.Cut(strings.ToLower(locale), "-")
	return lang
}

// Sent reports whether m could go: every variable has its value.
func (m Mail) Sent() bool { return len(m.Holes) == 0 }
