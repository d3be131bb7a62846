// Package mail turns a Liquid + Markdown template and data into a message: HTML
// with a layout and inlined styles, and a plain part. It reads no clock and
// sends nothing. An unresolved variable is an error, never an empty string.
package mail

import "io/fs"

// Rendered message.
type Rendered struct {
	Subject string // from the template's front matter
	HTML    string
	Text    string
}

// Renderer reads templates from one file system. Safe for concurrent use.
type Renderer struct{}

// New renders templates of fsys, which is rooted where templates/ lies.
func New(fsys fs.FS) *Renderer { return &Renderer{} }

// Mail renders templates/<name>.<locale>.md, or .md, with data: account,
// contact, owner, project, event, steps. Values are escaped for HTML.
func (r *Renderer) Mail(name, locale string, data map[string]any) (Rendered, error) {
	return Rendered{}, nil
}

// Brief renders a brief to Slack mrkdwn.
func (r *Renderer) Brief(name, locale string, data map[string]any) (string, error) { return "", nil }

// Line renders a one-line Liquid text (a task's title, a Slack note), escaped for Slack.
func (r *Renderer) Line(src string, data map[string]any) (string, error) { return "", nil }

// Check parses template name and reports the variables it uses, for lint.
func (r *Renderer) Check(name string) (vars []string, err error) { return nil, nil }
