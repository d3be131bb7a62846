package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/rules"
)

// acme is an account with most fields set.
func acme(t testing.TB, set *rules.Set) *rules.Facts {
	t.Helper()
	subs := []rules.Record{
		record(t, set, "subscription", map[string]any{"subscription_id": "s1", "active": true, "arr": "30000.10", "ends": "2026-06-01"}),
		record(t, set, "subscription", map[string]any{"subscription_id": "s2", "active": true, "arr": "20000.20"}),
		record(t, set, "subscription", map[string]any{"subscription_id": "s3", "active": false, "arr": "5"}),
	}
	return &rules.Facts{
		Now: at(t, "2026-03-01T23:30:00Z"), // 2 March in Berlin
		Account: record(t, set, "account", map[string]any{
			"id": "acme", "status": "active", "arr": "50000.30", "plan": "pro", "seats": 3.0, "nps": 9.0, "discount": "5",
			"logo": true, "renewal_date": "2026-06-01", "started": "2026-01-31T09:00:00Z", "started_at": "2024-01-31",
			"topics": []any{"sso", "audit"}, "timezone": "Europe/Berlin", "country": "DE", "score": 2.0,
		}),
		Objects: func(string) []rules.Record { return subs },
	}
}

func TestConditionsMeanWhatTheySay(t *testing.T) {
	t.Parallel()
	set := load(t, moreRules)
	facts := acme(t, set)
	for src, want := range map[string]string{
		// Money is in major units, exact.
		`account.arr >= 50000`:                          "true",
		`50000.31 > account.arr`:                        "true",
		`account.arr == 50000.30`:                       "true",
		`account.arr != 50000`:                          "true",
		`account.arr + 0.70 == 50001`:                   "true",
		`account.arr * 2 == 100000.60`:                  "true",
		`0.15 * money(10.50) == 1.58`:                   "true", // 1.575, half away from zero
		`money(-10.50) * 0.15 == -1.58`:                 "true",
		`account.arr / 2 == 25000.15`:                   "true",
		`account.arr / account.arr == 1`:                "true",
		`account.arr * account.discount == 2500.02`:     "true", // 2500.015
		`-account.arr < 0`:                              "true",
		`money(0.1) + money(0.2) == money(0.3)`:         "true",
		`account.logo ? account.arr > 0 : false`:        "true",
		`(account.logo ? account.arr : 0) == 50000.30`:  "true",
		`subscriptions.map(s, s.arr).sum() == 50005.30`: "true",
		// Numbers of all kinds compare.
		`account.seats >= 2.5`:             "true",
		`account.score == 2`:               "true",
		`account.seats == 3.0`:             "true",
		`100 * clamp(account.nps, 0, 1)>1`: "true",
		`account.discount <= 5`:            "true",
		`account.discount < percent(4.5)`:  "false",
		`ratio(account.seats, 2, 0) > 1.4`: "true",
		`ratio(1, 0, 7) == 7`:              "true",
		// Days are local: it is 2 March in Berlin.
		`days_until(account.renewal_date) == 91`:                                "true",
		`account.renewal_date > now`:                                            "true",
		`account.renewal_date == "2026-06-01"`:                                  "true",
		`account.renewal_date.add_days(-91) <= now`:                             "true",
		`account.renewal_date.add_days(-90) <= now`:                             "false",
		`account.renewal_date - days(91) <= now`:                                "true",
		`date(now) == date("2026-03-02")`:                                       "true",
		`account.started.add_months(1) == timestamp("2026-02-28T09:00:00Z")`:    "true",
		`account.started > "2026-01-31"`:                                        "true",
		`account.started < "2026-01-31T09:00:01Z"`:                              "true",
		`next_occurrence(account.started_at, "1mo") == date("2026-03-31")`:      "true",
		`account.renewal_date - account.started_at > days(365)`:                 "true",
		`now - account.started > days(29)`:                                      "true",
		`account.renewal_date.add_business_days(-1) == date("2026-05-29")`:      "true",
		`"sso" in account.topics && account.status in ["active", "paused"]`:     "true",
		`account.topics.first(5).size() == 2`:                                   "true",
		`subscriptions.exists(s, s.active && s.arr > 30000)`:                    "true",
		`subscriptions.filter(s, has(s.ends)).map(s, s.ends).max() > now`:       "true",
		`subscriptions.filter(s, has(s.ends)).size() == 1`:                      "true",
		`subscriptions.all(account, account.arr > 1)`:                           "true", // the loop's own name wins
		`has(account.plan) && !has(account.churn.reason)`:                       "true",
		`has(segment.big) && has(score.health.value) && has(metric.logins)`:     "true",
		`segment.big && decide.motion.kind == "personal" && decide.motion.n==1`: "true",
		`score.health.value == 90 && score.health.band == "green"`:              "true",
		// Unset is unknown, and && and || absorb it.
		`account.churn.reason == "gap"`:                                       "unknown account.churn.reason",
		`account.churn.reason != "gap"`:                                       "unknown account.churn.reason",
		`!(account.churn.reason == "gap")`:                                    "unknown account.churn.reason",
		`account.logo || account.churn.reason == "gap"`:                       "true",
		`!account.logo && account.churn.reason == "gap"`:                      "false",
		`account.churn.reason == "gap" && days_since(account.churned_at) > 9`: "unknown account.churn.reason account.churned_at",
		`account.churn.reason == "gap" ? account.logo : account.logo`:         "unknown account.churn.reason",
		`subscriptions.all(s, s.ends > now)`:                                  "unknown subscription.ends",
		`contact.role == "user"`:                                              "unknown contact.role",
		`quiet_days(metric.logins) > 3`:                                       "unknown metric.logins",
		`subscriptions.filter(s, s.arr > 1000000).map(s, s.arr).max() > 5`:    "unknown max() of an empty list",
		// What fails, fails in words.
		`account.seats / 0 == 1`:   "error division by zero",
		`account.arr / 0 > 1`:      "error division by zero",
		`account.topics[7] == "a"`: "error a list has no such place",
		`next_occurrence(account.started_at, account.plan) > date(now)`: `error "pro" is no length of time; write a whole number and s, m, h, d, w, mo, y or bd, such as 7d`,
		`sum_over(metric.logins, hours(5)) > 1`:                         "error a metric is kept by day: its window must be a whole number of days, at least one",
	} {
		e, found := set.Compile(src, nil, rules.Scope{}, rules.Bool)
		if e == nil {
			t.Errorf("%s: %v", src, found)
			continue
		}
		truth, unset, err := e.Bool(facts)
		got := [...]string{"false", "true", "unknown " + strings.Join(unset, " ")}[truth]
		if err != nil {
			got = "error " + err.Error()
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}

func TestValuesComeInTheTypeThatIsWanted(t *testing.T) {
	t.Parallel()
	set := load(t, moreRules)
	facts := acme(t, set)
	for _, tt := range []struct {
		src  string
		want rules.Type
		got  string
	}{
		{`account.seats`, rules.Double, "float64 3"},
		{`100`, rules.Money, "holdfast.Money 10000"},
		{`account.seats`, rules.Percent, "float64 3"},
		{`now`, rules.Date, "time.Time 2026-03-02 00:00:00 +0000 UTC"},
		{`account.renewal_date`, rules.Timestamp, "time.Time 2026-05-31 22:00:00 +0000 UTC"},
		{`"2026-06-01"`, rules.Date, "time.Time 2026-06-01 00:00:00 +0000 UTC"},
		{`account.topics.first(0)`, rules.Strings, "[]string []"},
		{`account.topics`, rules.Strings, "[]string [sso audit]"},
		{`days(2)`, rules.Duration, "time.Duration 48h0m0s"},
		{`{"a": [1, 2.5]}`, rules.Any, "map[string]interface {} map[a:[1 2.5]]"},
	} {
		e := compile(t, set, tt.src, rules.Scope{}, tt.want)
		v, ok, err := e.Value(facts)
		if err != nil || !ok {
			t.Errorf("%s: got ok %v, error %v", tt.src, ok, err)
			continue
		}
		if got := fmt.Sprintf("%T %v", v, v); got != tt.got {
			t.Errorf("%s as %s: got %s, want %s", tt.src, tt.want, got, tt.got)
		}
	}
	e := compile(t, set, `subscriptions.filter(s, s.active)`, rules.Scope{}, rules.Any)
	v, _, err := e.Value(facts)
	if list, ok := v.([]rules.Record); !ok || len(list) != 2 || err != nil {
		t.Errorf("a list of objects: got %T %v, %v; want two records", v, v, err)
	}
}

func TestReadsGoThroughRules(t *testing.T) {
	t.Parallel()
	set := load(t, moreRules)
	for _, tt := range []struct {
		src  string
		want rules.Reads
	}{
		{`account.arr > 5 && has(contact.role)`, rules.Reads{Account: []string{"arr"}, Contact: []string{"role"}}},
		{`segment.big || decide.motion.kind == "none"`, rules.Reads{Account: []string{"arr"}, Rules: []string{"decision:motion", "segment:big"}}},
		{`score.health.value < 50`, rules.Reads{Account: []string{"nps"}, Rules: []string{"score:health"}}},
		{`metric.logins == 0`, rules.Reads{Metrics: []string{"logins"}, Clock: true}},
		{`trend(metric.logins, days(7), 1) < 0.5`, rules.Reads{Metrics: []string{"logins"}, Clock: true}},
		{`days_since(account.churned_at) > 9`, rules.Reads{Account: []string{"churned_at", "country", "timezone"}, Clock: true}},
		{`account.renewal_date < now`, rules.Reads{Account: []string{"country", "renewal_date", "timezone"}, Clock: true, Moment: true}},
		{`subscriptions.exists(s, s.active)`, rules.Reads{Objects: []string{"subscription"}}},
		{`event.count > 1 && call.outcome == "done"`, rules.Reads{Event: true}},
	} {
		sc := rules.Scope{Event: "Feature Used", Steps: map[string]map[string]rules.Type{"call": {"outcome": rules.String}}}
		got := compile(t, set, tt.src, sc, rules.Bool).Reads()
		if diff := cmp.Diff(tt.want, got, cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.src, diff)
		}
	}
}

func TestObjectsAndSeriesAreAskedOnce(t *testing.T) {
	t.Parallel()
	set := load(t, moreRules)
	facts := acme(t, set)
	asked := map[string]int{}
	objects := facts.Objects
	facts.Objects = func(kind string) []rules.Record { asked[kind]++; return objects(kind) }
	facts.Series = func(metric string) []rules.Day { asked[metric]++; return nil }
	e := compile(t, set, `subscriptions.size() + subscriptions.filter(s, s.active).size() > 1
		&& metric.logins == 0 && sum_over(metric.logins, days(3)) == 0`, rules.Scope{}, rules.Bool)
	if truth, _, err := e.Bool(facts); truth != rules.True || err != nil {
		t.Fatalf("got %v, %v; want true", truth, err)
	}
	if diff := cmp.Diff(map[string]int{"subscription": 1, "logins": 1}, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestALoopWithoutEndIsStopped(t *testing.T) {
	t.Parallel()
	set := load(t, "")
	many := strings.TrimSuffix(strings.Repeat("1,", 100), ",")
	src := fmt.Sprintf("[%s].all(a, [%s].all(b, [%s].all(c, a + b + c > 0)))", many, many, many)
	e := compile(t, set, src, rules.Scope{}, rules.Bool)
	if _, _, err := e.Bool(&rules.Facts{}); err == nil || err.Error() != "the expression does too much work" {
		t.Errorf("got %v, want that it does too much work", err)
	}
}
