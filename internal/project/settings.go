package project

import (
	"cmp"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// Settings are holdfast.yaml: the `project:` document.
type Settings struct {
	Name        string
	Timezone    string // default UTC
	Country     string // ISO 3166 alpha-2, upper case; "" has weekends only
	Currency    string // ISO 4217, default USD
	Locale      string // default en
	Sender      Sender
	Library     []string // shipped playbooks in use
	Closed      []calendar.Closed
	FiscalStart time.Month        // default January
	Channels    map[string]string // email: outbox|sendgrid|smtp; slack: outbox|slack; webhook: outbox|http
	Sandbox     bool              // SendGrid checks e-mails and delivers none
	Pace        Pace
	Webhooks    map[string]string // endpoints by name: their addresses
	// RedirectAllTo takes every e-mail, in staging; "" sends them to whom they are for.
	RedirectAllTo string
	// PublicURL is where customers and providers reach us, without a slash at its
	// end; Inbound is the domain of reply addresses. "" is none.
	PublicURL, Inbound string
	// Salt decides who is held out and who is let in first; "" draws one and keeps it.
	Salt      string
	Claims    Claims
	Retention Retention
	Silence   Silence // of sources that do not say their own, and of imports
}

// Sender of e-mails when the owner is unknown.
type Sender struct{ Name, Email string }

var (
	currencies = regexp.MustCompile(`^[A-Z]{3}$`)
	locales    = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z]{2})?$`)
	domains    = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	addresses  = regexp.MustCompile(`^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+$`)
	months     = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}
)

func (ld *loader) takeSettings() {
	n, l := ld.settings, &ld.diags
	s := Settings{Timezone: "UTC", Currency: "USD", Locale: "en", FiscalStart: time.January}
	if n == nil {
		at := diag.Span{File: filepath.Join(ld.p.Dir, settingsFile), Line: 1, Col: 1}
		if !diag.Failed(l.All) { // what could not be read was said
			l.Errorf(at, "missing-key", "begin it with project: name", "there is no project: document")
		}
		ld.p.Settings = s
		return
	}
	n.Strict(l, "the project", source.Keys(projectKind.Keys, "")...)
	s.Name = n.Require(l, "the project", "project").String(l, "project")
	s.Timezone = cmp.Or(ld.zone(n.Get("timezone")), s.Timezone)
	s.Country = ld.country(n.Get("country"))
	s.Currency = cmp.Or(ld.matched(n.Get("currency"), "currency", currencies, "write an ISO 4217 code such as USD"), s.Currency)
	s.Locale = cmp.Or(ld.matched(n.Get("locale"), "locale", locales, "write a language such as en or pt-BR"), s.Locale)
	if v := n.Get("sender"); v != nil {
		v.Strict(l, "sender", source.Keys(projectKind.Keys, "sender")...)
		s.Sender.Name = v.Get("name").String(l, "name")
		s.Sender.Email = ld.matched(v.Require(l, "sender", "email"), "email", addresses, "write an address")
	}
	ld.libraryRules = n.Get("rules").Word(l, "rules", "library") != ""
	s.Library = n.Get("library").Words(l, "library", ld.lib.names()...)
	s.Closed = ld.closed(n.Get("closed"))
	if v := n.Get("fiscal_start"); v != nil {
		s.FiscalStart = ld.month(v)
	}
	s.Channels = ld.channels(n.Get("channels"))
	if v := n.Get("channels").Get("sandbox"); v != nil {
		s.Sandbox = v.Bool(l, "sandbox")
		if s.Sandbox && s.Channels["email"] != "sendgrid" {
			l.Errorf(v.Span(), "unknown-choice", "write email: sendgrid beside it, or leave it out", "sandbox is SendGrid's, and e-mails go to %s", s.Channels["email"])
		}
	}
	s.Pace = ld.pace(n.Get("pace"))
	s.Webhooks = ld.webhooks(n.Get("webhooks"))
	s.RedirectAllTo = ld.matched(n.Get("redirect_all_to"), "redirect_all_to", addresses, "write an address")
	s.PublicURL = strings.TrimRight(ld.matched(n.Get("public_url"), "public_url", webPages, "write an address such as https://retention.example.com"), "/")
	s.Inbound = ld.matched(n.Get("inbound"), "inbound", domains, "write a domain such as in.example.com")
	s.Salt = n.Get("salt").String(l, "salt")
	s.Claims = ld.claims(n.Get("claims"))
	s.Retention = ld.retention(n.Get("retention"))
	s.Silence = ld.silence(n.Get("silence"))
	ld.p.Settings = s
}

// names of the library's playbooks.
func (lib shippedFiles) names() []string {
	files, err := fs.Glob(lib.playbooks, "*.yaml")
	if err != nil {
		return nil // the pattern is right
	}
	var names []string
	for _, f := range files {
		if f != settingsFile && !isTest(f) {
			names = append(names, strings.TrimSuffix(f, ".yaml"))
		}
	}
	return names
}

func (ld *loader) zone(n *source.Node) string {
	name := n.String(&ld.diags, "timezone")
	if name == "" {
		return ""
	}
	if _, err := calendar.Zone(name); err != nil {
		ld.diags.Errorf(n.Span(), "unknown-zone", "write a name such as Europe/Berlin", "%v", err)
		return ""
	}
	return name
}

func (ld *loader) country(n *source.Node) string {
	code := n.String(&ld.diags, "country")
	if code != "" && (calendar.ZoneOf(code) == "" || code != strings.ToUpper(code)) {
		ld.diags.Errorf(n.Span(), "unknown-choice", "write an ISO 3166 code of two capitals, such as US or DE", "unknown country %q", code)
		return ""
	}
	return code
}

func (ld *loader) matched(n *source.Node, what string, shape *regexp.Regexp, hint string) string {
	text := n.String(&ld.diags, what)
	if text != "" && !shape.MatchString(text) {
		ld.diags.Errorf(n.Span(), "wrong-type", hint, "%s cannot be %q", what, text)
		return ""
	}
	return text
}

func (ld *loader) month(n *source.Node) time.Month {
	for i, m := range months {
		if strings.EqualFold(n.Text(), m) {
			return time.Month(i + 1)
		}
	}
	if regexp.MustCompile(`^\d+$`).MatchString(n.Text()) {
		return time.Month(n.Int(&ld.diags, "fiscal_start", 1, 12))
	}
	n.Word(&ld.diags, "fiscal_start", months...)
	return time.January
}

func (ld *loader) channels(n *source.Node) map[string]string {
	n.Strict(&ld.diags, "channels", source.Keys(projectKind.Keys, "channels")...)
	return map[string]string{
		"email":   cmp.Or(n.Get("email").Word(&ld.diags, "email", "outbox", "sendgrid", "smtp"), "outbox"),
		"slack":   cmp.Or(n.Get("slack").Word(&ld.diags, "slack", "outbox", "slack"), "outbox"),
		"webhook": cmp.Or(n.Get("webhook").Word(&ld.diags, "webhook", "outbox", "http"), "outbox"),
	}
}

var (
	endpoints = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	webPages  = regexp.MustCompile(`^https?://[^\s/]+(/\S*)?$`)
)

// webhooks reads {crm: https://…}: endpoints that steps may call by name.
func (ld *loader) webhooks(n *source.Node) map[string]string {
	if n != nil && n.Kind() != source.Map {
		ld.diags.Errorf(n.Span(), "wrong-type", "write a map of names and addresses", "webhooks must be a map")
	}
	found := map[string]string{}
	for _, p := range n.Pairs() {
		if !endpoints.MatchString(p.Key.Text()) {
			ld.diags.Errorf(p.Key.Span(), "bad-name", "use small letters, digits and hyphens", "%q cannot be the name of an endpoint", p.Key.Text())
			continue
		}
		found[p.Key.Text()] = ld.matched(p.Value, p.Key.Text(), webPages, "write an address such as https://crm.example.com/hooks")
	}
	return found
}

// closed reads [{name, from, to}], days inclusive; to is from when absent.
func (ld *loader) closed(n *source.Node) []calendar.Closed {
	if n != nil && n.Kind() != source.List {
		ld.diags.Errorf(n.Span(), "wrong-type", "write a list of {name, from, to}", "closed must be a list")
	}
	var all []calendar.Closed
	for _, it := range n.Items() {
		it.Strict(&ld.diags, "a closure", source.Keys(projectKind.Keys, "closed")...)
		c := calendar.Closed{
			Name: it.Require(&ld.diags, "a closure", "name").String(&ld.diags, "name"),
			From: ld.day(it.Require(&ld.diags, "a closure", "from")),
			To:   ld.day(it.Get("to")),
		}
		if c.To.IsZero() {
			c.To = c.From
		}
		if c.To.Before(c.From) {
			ld.diags.Errorf(it.Get("to").Span(), "wrong-type", "write the later day under to:", "the closure ends before it begins")
		}
		all = append(all, c)
	}
	return all
}

func (ld *loader) day(n *source.Node) time.Time {
	text := n.String(&ld.diags, "a day")
	t, err := time.Parse(time.DateOnly, text)
	if err != nil && text != "" {
		ld.diags.Errorf(n.Span(), "wrong-type", "write it as 2026-12-24", "%q is no day", text)
	}
	return t
}
