// Package playbooks is the language that RevOps write: it reads a playbook
// document into its compiled form, checks it, and packs everything it reaches
// into one immutable bundle known by its digest. It needs no database. To add a
// lint check, add check_<name>.go and one line in Checks.
package playbooks

import (
	"io/fs"

	"holdfast/guards"
	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
	"holdfast/steps"
	"holdfast/triggers"
)

// Playbook is a compiled playbook. Immutable; safe for concurrent use.
type Playbook struct {
	Name, Title, Class, Lane string
	File                     string
	Owner                    string // field reference: account.owner
	Triggers                 []triggers.Trigger
	When                     *rules.Expr // must hold whichever trigger fires; nil = always
	Enroll                   Enroll
	Exits                    []Exit
	Goal                     *Goal
	Rails                    guards.Rails
	Program                  *steps.Program
	Unknown                  string // at_most_once (default), ask, at_least_once: what an unknown send does
	Bundle                   Bundle
	Digest                   string
}

// Enroll says how often an account may enter.
type Enroll struct {
	OncePer   []string      // of account, trigger, occurrence: the entry key; default [trigger, occurrence]
	NotWithin calendar.Span // since the last start of this playbook on the account; zero = no limit
	AtMost    int           // starts in all; 0 = no limit
}

// Exit ends an enrollment early, in the transaction that brings its cause.
type Exit struct {
	ID      string
	On      string      // an event, or
	When    *rules.Expr // a condition (with On: a filter that sees event)
	Outcome string
	RestFor string // span as written, "forever", or ""
	Unless  string // CEL source that lifts the rest
}

// Goal is what a playbook is for: met or not, whatever ended the steps.
type Goal struct {
	When    *rules.Expr
	On      string
	Outcome string
	Within  calendar.Span
}

// Bundle is everything a version of a playbook reaches, as the author's text:
// its own document, templates and briefs in every locale, decisions, scores,
// segments and calendars. Schema, mappings and metrics are not in it: they are live.
type Bundle struct {
	Playbook string            `json:"playbook"` // its name
	File     string            `json:"file"`     // name of its file, for messages
	Docs     map[string]string `json:"docs"`     // "playbook", "score:health", "decision:x" -> YAML
	Files    map[string]string `json:"files"`    // "templates/win-back/opening.md" -> text
}

// Digest is "sha256:" and the hex digest of the bundle's canonical JSON.
func (b Bundle) Digest() string { return "" }

// Encode is the bundle's canonical JSON, compressed; Decode reads it back.
func (b Bundle) Encode() []byte { return nil }

// DecodeBundle reads what Encode wrote.
func DecodeBundle(p []byte) (Bundle, error) { return Bundle{}, nil }

// Compile reads one `playbook:` document. templates is rooted where
// templates/ lies. Findings are returned whole; the playbook is nil when any is an error.
func Compile(doc *source.Node, set *rules.Set, templates fs.FS) (*Playbook, []diag.Diagnostic) {
	return nil, nil
}

// Open compiles a bundle under the live set. It fails only when a live schema
// change broke it; the error says where.
func Open(b Bundle, set *rules.Set) (*Playbook, error) { return nil, nil }
