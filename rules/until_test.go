package rules_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/rules"
)

const clockRules = `
segment: soon
when: days_until(account.renewal_date) < 30
---
decision: runway
rows:
  - when: days_until(account.renewal_date) >= 85
    then: {plan: long}
  - when: quiet_days(metric.logins) < 40 || account.seats > 2
    then: {plan: short}
  - else: {plan: none}
---
score: health
bands: [{red: {below: 50}}, {green: {}}]
signals:
  trend: {weight: 50, value: "75.0 * clamp(trend(metric.logins, days(14), 1.0), 0.0, 1.3)"}
  age:   {weight: 20, value: "days_since(account.started_at) > 90 ? 100.0 : 40.0"}
`

// clocked are conditions that read the clock in every way there is.
var clocked = []string{
	`days_until(account.renewal_date) < 30`,
	`days_until(account.renewal_date) > 3 && days_until(account.renewal_date) <= 60 && account.seats > 1`,
	`days_until(account.renewal_date) == 17 || days_since(account.churned_at) != 40`,
	`30 >= days_since(account.started)`,
	`days_since(account.churned_at) % 7 == 2`,
	`days_since(account.churned_at) > account.seats`,
	`days_since(account.churned_at) - days_until(account.renewal_date) < 10`,
	`metric.logins == 0 && account.seats > 0`,
	`metric.logins < 4`,
	`trend(metric.logins, days(10), 1.0) < 0.7`,
	`sum_over(metric.logins, weeks(1)) >= 3 || average_per_week(metric.logins, weeks(3)) < 1.5`,
	`quiet_days(metric.logins) >= 12`,
	`!(quiet_days(metric.logins) < 5)`,
	`segment.soon && score.health.value < 80`,
	`score.health.band == "red"`,
	`decide.runway.plan == "short"`,
	`now > account.started + days(45)`,
	`next_occurrence(account.started_at, "2mo") < account.renewal_date`,
	`days_until(next_occurrence(account.started_at, "3mo")) < 20`,
	`subscriptions.exists(s, days_until(s.ends) < 14)`,
	`account.seats > 2 || days_until(account.renewal_date) < 5`,
}

// An answer holds up to the moment that the evaluation names, for conditions of
// every shape and accounts in several zones.
func TestAnswersHoldUntilTheMomentTheyName(t *testing.T) {
	t.Parallel()
	set := load(t, clockRules)
	far := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	changed, skipped := 0, 0
	for _, src := range clocked {
		e := compile(t, set, src, rules.Scope{}, rules.Bool)
		for seed := range uint64(12) {
			f := someone(t, set, rand.New(rand.NewPCG(seed, 7)))
			until := f.Now
			var answer rules.Truth
			for end := f.Now.AddDate(0, 0, 200); f.Now.Before(end); f.Now = f.Now.Add(6 * time.Hour) {
				g := *f
				if f.Now.Before(until) {
					skipped++
					if now, _, err := e.Bool(&g); err != nil || now != answer {
						t.Fatalf("%s, seed %d: %v at %s, want %v until %s (%v)", src, seed, now, f.Now, answer, until, err)
					}
					continue
				}
				until, g.Until = far, &until
				now, _, err := e.Bool(&g)
				if err != nil || !until.After(f.Now) {
					t.Fatalf("%s, seed %d at %s: until %s, error %v", src, seed, f.Now, until, err)
				}
				if now != answer {
					changed++
				}
				answer = now
			}
		}
	}
	if changed < 300 || skipped < 50_000 {
		t.Errorf("%d answers changed and %d evaluations could be spared; the test tests nothing", changed, skipped)
	}
}

// someone is an account with fields and buckets by chance, in a zone of its own.
func someone(t *testing.T, set *rules.Set, r *rand.Rand) *rules.Facts {
	t.Helper()
	now := time.Date(2026, 3, 20, 4+r.IntN(12), 0, 0, 0, time.UTC)
	day := func(from, to int) string {
		return now.AddDate(0, 0, from+r.IntN(to-from)).Format(time.DateOnly)
	}
	zones := []string{"", "Europe/Berlin", "America/New_York", "Pacific/Auckland"}
	fields := map[string]any{
		"seats": float64(r.IntN(5)), "renewal_date": day(-20, 190), "churned_at": day(-60, 5), "started_at": day(-200, -10),
		"started": day(-60, 30) + "T15:00:00Z", "timezone": zones[r.IntN(4)],
	}
	if r.IntN(5) == 0 {
		delete(fields, "renewal_date")
	}
	subs := []rules.Record{record(t, set, "subscription", map[string]any{"subscription_id": "s", "active": true, "ends": day(0, 150)})}
	var days []rules.Day
	for i := -60; i <= 0; i++ {
		if r.IntN(6) == 0 {
			days = append(days, rules.Day{Day: now.Truncate(24*time.Hour).AddDate(0, 0, i), Count: int64(r.IntN(3))})
		}
	}
	return &rules.Facts{
		Now: now, Account: record(t, set, "account", fields),
		Objects: func(string) []rules.Record { return subs },
		Series:  func(string) []rules.Day { return days },
	}
}

// Whoever adds a function that reads the clock says how long its answer is good for.
func TestFunctionsOfTheClockNameAMoment(t *testing.T) {
	t.Parallel()
	set := load(t, "")
	far := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, f := range rules.Functions {
		if !f.Clock {
			continue
		}
		until := far
		facts := exampleFacts(t, set, f.Example)
		facts.Until = &until
		if _, _, err := compile(t, set, fmt.Sprintf("[%s]", f.Example.Expr), rules.Scope{}, rules.Any).Value(facts); err != nil {
			t.Fatal(err)
		}
		if until.Equal(far) || !until.After(facts.Now) {
			t.Errorf("%s is good until %s at %s", f.Example.Expr, until, facts.Now)
		}
	}
}
