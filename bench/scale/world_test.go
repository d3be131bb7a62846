// Package scale measures what decides and remembers, without the engine: each
// against a floor in the same run.
package scale

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/diag"
	"holdfast/internal/intake"
	"holdfast/internal/source"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
)

// pairs of blocks; 0 holds each side to its work once, small, and measures nothing.
var pairs = flag.Int("bench-pairs", 0, "pairs of blocks to measure; 0 checks that both sides do their work")

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const rulesText = `
schema: account
fields:
  name:         {type: string}
  status:       {type: string, enum: [trial, active, churned]}
  plan:         {type: string}
  arr:          {type: money}
  seats:        {type: int}
  renewal_date: {type: date}
  trial_ends:   {type: date}
  last_review:  {type: date}
---
schema: contact
fields:
  email: {type: string}
---
event: Login
fields:
  count: {type: int}
---
event: Ticket Opened
fields:
  priority: {type: string}
---
metric: logins
sum: {cel: event.count}
on: Login
window: 14d
---
lanes: [save, renewal, win-back]
`

// newIntake decides over st by books, which are published.
func newIntake(t testing.TB, st store.Store, books []string) *intake.Intake {
	t.Helper()
	docs, found := source.Parse("rules.yaml", []byte(rulesText))
	set, more := rules.Load(docs)
	if found = append(found, more...); diag.Failed(found) {
		t.Fatal(found)
	}
	versions := map[string]*playbooks.Playbook{}
	var heads []*playbooks.Playbook
	for _, text := range books {
		text = strings.Replace(text, "\n", "\nowner: account.name\nclass: service\n", 1) + "\nsteps:\n  - {id: settle, wait: 30d}\n"
		docs, found := source.Parse("book.yaml", []byte(text))
		p, more := playbooks.Compile(docs[0], set, fstest.MapFS{})
		if found = append(found, more...); diag.Failed(found) {
			t.Fatalf("%s\n%v", text, found)
		}
		versions[p.Digest] = p
		heads = append(heads, p)
	}
	in := &intake.Intake{
		Store: st, Clock: clock.NewVirtual(start), Rules: func() *rules.Set { return set },
		Playbooks: func() []*playbooks.Playbook { return nil },
		ByDigest: func(d string) (*playbooks.Playbook, error) {
			if p := versions[d]; p != nil {
				return p, nil
			}
			return nil, store.ErrNotFound
		},
		Log: slog.New(slog.DiscardHandler), Options: intake.Options{ScanEvery: 24 * time.Hour, Salt: "bench"},
	}
	if _, err := in.Publish(context.Background(), heads); err != nil {
		t.Fatal(err)
	}
	in.Playbooks = func() []*playbooks.Playbook { return heads }
	return in
}

// many books of one form, numbered.
func many(n int, form string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(form, i)
	}
	return out
}
