// Package mail turns a Liquid + Markdown template and data into a message: HTML
// with a layout and inlined styles, and a plain part. It reads no clock and
// sends nothing. An unresolved variable is an error, never an empty string.
//
// Values never become markup: each is a placeholder while Markdown is parsed,
// and is put in, escaped for its target, when the structure stands.
package mail

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// What one template may cost. A loop over more than maxLoop items, or maxTicks
// passes in all, is refused: Liquid itself knows no limit and no deadline.
const (
	maxTemplate = 64 << 10
	maxOutput   = 256 << 10
	maxLoop     = 1000
	maxTicks    = 10_000
	maxSubject  = 255
)

// Rendered message.
type Rendered struct {
	Subject string // from the template's front matter
	HTML    string
	Text    string
	File    string // that it was made of: templates/renewal/value.de.md
	Locale  string // of that file's name, "" for the one without
}

// Renderer reads templates from one file system. Safe for concurrent use. It
// reads them anew each time, and keeps what it made of their text.
type Renderer struct {
	fsys      fs.FS
	templates kept[written, template]
	texts     pool
	pages     kept[string, string] // by HTML: with its styles inlined
}

// New renders templates of fsys, which is rooted where templates/ lies.
func New(fsys fs.FS) *Renderer { return &Renderer{fsys: fsys} }

// Error is a mistake in a template, or a value that it needs and does not get.
type Error struct {
	File     string // "" for a text that is no file
	Line     int    // from 1
	Message  string // lower case, no full stop
	Variable string // the one that has no value, when that is the matter
}

func mistake(file string, line int, message string) error {
	return &Error{File: file, Line: line, Message: message}
}

func (e *Error) Error() string {
	if e.File == "" {
		return e.Message
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
}

// Mail renders templates/<name>.<locale>.md with data: account, contact, owner,
// project, event, steps. Where there is no such file it takes that of the
// locale's language, of project.locale, of its language, or the one without a
// locale, in this order. Values are escaped for HTML.
//
// Maps are map[string]any (see Nest for records); values are strings, bools,
// numbers, holdfast.Money, time.Time (shown in their own zone) and lists.
// project.currency and project.locale say how money and dates are written,
// project.sender.name and .email stand in the footer, and unsubscribe_url, when
// set, adds the unsubscribe line that outreach must have. templates/layout.html
// replaces the built-in layout. A value that is missing or empty is an *Error
// that names template, line and variable.
func (r *Renderer) Mail(name, locale string, data map[string]any) (Rendered, error) {
	return r.Draft(name, wanted(locale, data), Edit{}, data)
}

// wanted is a locale, and the project's for those who have no file in theirs.
func wanted(locale string, data map[string]any) []string {
	return []string{locale, projectText(data, "locale")}
}

// Edit is what a person of ours wrote in place of a template's subject or body;
// "" keeps the template's. It is Markdown without Liquid.
type Edit struct{ Subject, Body string }

// HasLiquid reports whether text would be read as Liquid, which an edit may not hold.
func HasLiquid(text string) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%")
}

// Draft is Mail with an edit in place of what it names, for locales in the order
// in which they are wanted.
func (r *Renderer) Draft(name string, locales []string, by Edit, data map[string]any) (Rendered, error) {
	t, err := r.open(name, locales)
	if err != nil {
		return Rendered{}, err
	}
	if HasLiquid(by.Subject + by.Body) {
		return Rendered{}, mistake(t.file, 1, "an edited text holds Liquid")
	}
	if by.Subject != "" {
		t.subject = by.Subject
	}
	if by.Body != "" {
		t.body = by.Body
	}
	if t.subject == "" {
		return Rendered{}, mistake(t.file, 1, `no subject: begin with "---", "subject: ...", "---"`)
	}
	bound := prepare(data)
	st := styleOf(t.locale, bound)

	subject, _, err := r.render(text{t.subject, t.file, t.subjectLine, plain}, st, bound)
	if err != nil {
		return Rendered{}, err
	}
	if subject = oneLine(subject); subject == "" || len([]rune(subject)) > maxSubject {
		return Rendered{}, mistake(t.file, t.subjectLine, fmt.Sprintf("the subject must have 1 to %d characters", maxSubject))
	}

	src, body, err := r.render(text{t.body, t.file, t.bodyLine, markdown}, st, bound)
	if err != nil {
		return Rendered{}, err
	}
	doc := parseMarkdown(src, body)
	content, err := doc.html()
	if err != nil {
		return Rendered{}, mistake(t.file, t.bodyLine, err.Error())
	}
	html, err := r.dress(content, body, subject, st, bound)
	if err != nil {
		return Rendered{}, err
	}
	words := doc.text(mailText) + footer(st, bound)
	if len(html) > maxOutput || len(words) > maxOutput {
		return Rendered{}, mistake(t.file, t.bodyLine, errTooLong.Error())
	}
	return Rendered{Subject: subject, HTML: html, Text: words, File: t.file, Locale: t.locale}, nil
}

// Brief renders a brief to Slack mrkdwn.
func (r *Renderer) Brief(name, locale string, data map[string]any) (string, error) {
	t, err := r.open(name, wanted(locale, data))
	if err != nil {
		return "", err
	}
	bound := prepare(data)
	src, body, err := r.render(text{t.body, t.file, t.bodyLine, markdown}, styleOf(t.locale, bound), bound)
	if err != nil {
		return "", err
	}
	doc := parseMarkdown(src, body)
	if err := doc.links(); err != nil {
		return "", mistake(t.file, t.bodyLine, err.Error())
	}
	return strings.TrimSpace(doc.text(slackText)), nil
}

// Line renders a one-line Liquid text (a task's title, a Slack note), escaped for Slack.
func (r *Renderer) Line(src string, data map[string]any) (string, error) {
	return r.line(src, slack, data)
}

// Plain renders a one-line Liquid text as it is, for places that escape by
// themselves: the terminal, the dashboard, a header.
func (r *Renderer) Plain(src string, data map[string]any) (string, error) {
	return r.line(src, plain, data)
}

func (r *Renderer) line(src string, to target, data map[string]any) (string, error) {
	bound := prepare(data)
	s, _, err := r.render(text{src: src, line: 1, to: to}, styleOf("", bound), bound)
	return oneLine(s), err
}

// Variant is one file of a template.
type Variant struct {
	File, Locale string // templates/win-back/opening.de.md and de; "" = for all others
	Subject      string
	Vars         []string // that subject and body use, sorted: contact.first_name
}

// Variants parses template name in every locale it has, for lint. The error is
// the first mistake, an *Error when it has a place.
func (r *Renderer) Variants(name string) ([]Variant, error) {
	files, err := r.variants(name)
	if err != nil {
		return nil, err
	}
	var out []Variant
	for _, file := range files {
		t, err := r.read(file, "")
		if err != nil {
			return nil, err
		}
		v := Variant{File: file, Subject: t.subject, Locale: localeOf(file, name)}
		for _, part := range []struct {
			src  string
			line int
		}{{t.subject, t.subjectLine}, {t.body, t.bodyLine}} {
			used, err := variables(part.src, t.file, part.line)
			if err != nil {
				return nil, err
			}
			v.Vars = append(v.Vars, used...)
		}
		slices.Sort(v.Vars)
		v.Vars = slices.Compact(v.Vars)
		out = append(out, v)
	}
	return out, nil
}

func localeOf(file, name string) string {
	return strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(file, "templates/"+name), ".md"), ".")
}

// Check parses template name, in every locale it has, and reports the variables
// it uses, for lint: sorted paths such as contact.first_name. The error is the
// first mistake, an *Error when it has a place.
func (r *Renderer) Check(name string) (vars []string, err error) {
	all, err := r.Variants(name)
	for _, v := range all {
		vars = append(vars, v.Vars...)
	}
	slices.Sort(vars)
	return slices.Compact(vars), err
}

// CheckLine does for a one-line text what Check does for a template.
func (r *Renderer) CheckLine(src string) (vars []string, err error) {
	vars, err = variables(src, "", 1)
	slices.Sort(vars)
	return slices.Compact(vars), err
}

// errTooLong stops a template that produces more than any mail client shows.
var errTooLong = errors.New("the result is over 256 KB")
