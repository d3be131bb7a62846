package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// Audit is one line of the audit log: what a person, or a token of theirs,
// changed or decided. It holds ids, words and numbers, no personal data beyond the
// names of our own people, and no text of a customer.
type Audit struct {
	Seq     int64     `json:"seq"` // given by the store
	At      time.Time `json:"at"`
	Who     string    `json:"who"`               // kind and name: "os:mira", "team:sam", "token:crm"
	What    string    `json:"what"`              // verb of a thing: "release.apply", "task.done"
	On      string    `json:"on"`                // the id of the thing; "" is all of them
	Details string    `json:"details,omitempty"` // a JSON object, or ""
}

// AuditFilter narrows a listing; empty fields do not narrow.
type AuditFilter struct {
	Since time.Time // At from then on
	Who   string    // with or without its kind
	What  string    // whole, or a thing ("task" is task.done, task.snooze …)
	After int64     // Seq, for paging
	Limit int       // 0: all
}

// Trail remembers who did what. Lines are added and read; nothing changes or
// removes one.
type Trail interface {
	AddAudit(a Audit) error                // Seq is the store's
	Audits(f AuditFilter) ([]Audit, error) // by Seq
}

// actorKey is where a context keeps who acts.
type actorKey struct{}

// As is a ctx in which who acts: "os:mira", "team:sam", "token:crm".
func As(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, actorKey{}, who)
}

// Actor is who acts in ctx, "" when nobody said so.
func Actor(ctx context.Context) string {
	who, _ := ctx.Value(actorKey{}).(string)
	return who
}

// Audited adds a line to the audit log, in the transaction of the change that it
// tells of. by is who is said to do it: with nobody in ctx, one of the team, who was
// proven by whoever calls; else what the actor claims, kept beside. Details are
// ids, words and numbers.
func Audited(ctx context.Context, tx Trail, at time.Time, by, what, on string, details map[string]any) error {
	return AuditedOf(Actor(ctx), tx, at, by, what, on, details)
}

// AuditedOf is Audited for whoever acts: "" when nobody said so.
func AuditedOf(who string, tx Trail, at time.Time, by, what, on string, details map[string]any) error {
	switch {
	case who == "" && by == "":
		who = "system"
	case who == "":
		who = "team:" + by
	case by != "" && who != "team:"+by:
		details = maps.Clone(details)
		if details == nil {
			details = map[string]any{}
		}
		details["by"] = by
	}
	text := ""
	if len(details) > 0 {
		b, err := json.Marshal(details)
		if err != nil {
			return fmt.Errorf("write audit: %w", err)
		}
		text = string(b)
	}
	return tx.AddAudit(Audit{At: at, Who: who, What: what, On: on, Details: text})
}
