// Package playbooks is the language that RevOps write: it reads a playbook
// document into its compiled form, checks it, and packs everything it reaches
// into one immutable bundle known by its digest. It needs no database. To add a
// lint check, add check_<name>.go and one line in Checks.
package playbooks

import (
	"holdfast/guards"
	"holdfast/internal/calendar"
	"holdfast/rules"
	"holdfast/steps"
	"holdfast/triggers"
)

// Playbook is a compiled playbook. Immutable; safe for concurrent use.
type Playbook struct {
	Name, Title, Class, Lane string
	File                     string
	Owner                    string // field reference: account.owner
	WhenPreempted            string // pause (default), exit, ignore: what a stronger lane does to it
	Shadow                   bool   // mode: shadow: everything but the send
	Rollout                  Share  // of accounts that may enter; Whole when it does not say
	Holdout                  Holdout
	Triggers                 []triggers.Trigger
	When                     *rules.Expr // must hold whichever trigger fires; nil = always
	Enroll                   Enroll
	Exits                    []Exit
	Goal                     *Goal
	Rails                    guards.Rails
	Calendars                []*rules.Calendar // declared ones that its touches avoid
	Program                  *steps.Program
	Unknown                  string        // at_most_once (default), ask, at_least_once: what an unknown send does
	UnknownWait              calendar.Span // how long its fate may be open before the sequence goes on; zero = an hour
	Rules                    *rules.Set    // what it was compiled under: its own version's scores and decisions
	Bundle                   Bundle
	Digest                   string

	encoded func() []byte // Bundle's, once
}

// Encoded is Bundle.Encode, made once. It must not be changed.
func (p *Playbook) Encoded() []byte {
	if p.encoded == nil {
		return p.Bundle.Encode()
	}
	return p.encoded()
}

// Classes of a playbook: what opt-out and rest mean for it. Outreach is the default.
const (
	Transactional = "transactional"
	Service       = "service"
	Outreach      = "outreach"
)

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
	Scope   string // whom the rest binds: account, lane, playbook; "" is the lane or, without one, the playbook
	Unless  string // CEL source that lifts the rest
}

// Goal is what a playbook is for: met or not, whatever ended the steps.
type Goal struct {
	When    *rules.Expr
	On      string
	Outcome string
	Within  calendar.Span
}
