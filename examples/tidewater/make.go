//go:build ignore

// Makes the sample project's data: `go run make.go` here writes accounts.csv,
// contacts.csv and events.jsonl.gz. Everybody in it is invented; the same seed
// gives the same files.
package main

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	start  = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC) // the demo's first day, a Monday
	random = rand.New(rand.NewPCG(7, 2026))
)

// account is one row and the story its events tell.
type account struct {
	id, name, status, plan, industry, country, zone, owner, sponsor string
	seats, arr                                                      int
	started, renewal, churned                                       time.Time
	reason, manner, competitor, missing                             string
	structural, logo, fragile                                       bool
	nps, usage                                                      int
	collapse, silent                                                int // day of the run on which usage falls, or talk stops; 0 = never
	saved                                                           int // day of the run on which it is saved
}

var places = []struct{ country, zone string }{
	{"US", "America/New_York"}, {"US", "America/Chicago"}, {"US", "America/Los_Angeles"}, {"GB", "Europe/London"},
	{"DE", "Europe/Berlin"}, {"FR", "Europe/Paris"}, {"AU", "Australia/Sydney"}, {"IN", "Asia/Kolkata"}, {"SE", "Europe/Stockholm"}, {"CA", "America/Toronto"},
}

var heads = strings.Fields("Alder Beacon Cobalt Delta Ember Fathom Garnet Harbor Iris Juniper Keel Lumen Mosaic Nimbus Orchard Pioneer Quarry Ridge Summit Timber Umber Vector Willow Xenon Yarrow Zephyr Anchor Birch Cedar Dune")
var tails = strings.Fields("Labs Logistics Health Foods Systems Energy Media Freight Analytics Works")
var firsts = strings.Fields("Dana Milan Priya Jonas Aiko Lena Omar Sofia Theo Nadia Rafael Ingrid Kofi Maeve Pavel Yara Hugo Amara Felix Noor")
var lasts = strings.Fields("Okafor Lindqvist Moreau Tanaka Weber Novak Silva Haddad Murphy Rossi Iyer Larsen Dubois Kaplan Osei")

func day(n int) time.Time { return start.AddDate(0, 0, n) }

func accounts() []account {
	var out []account
	for i := range 60 {
		p := places[i%len(places)]
		a := account{
			name: heads[i%len(heads)] + " " + tails[(i*3+i/30)%len(tails)], status: "active", plan: []string{"Team", "Business", "Enterprise"}[i%3],
			industry: []string{"logistics", "health", "retail", "software", "energy"}[i%5], country: p.country, zone: p.zone,
			owner: []string{"mira", "jon", "sade"}[i%3], sponsor: "lea",
			seats: 5 + random.IntN(120), usage: 40 + random.IntN(160), nps: 5 + random.IntN(6),
			started: day(-400 - random.IntN(500)), renewal: day(230 + random.IntN(120)),
		}
		a.id = strings.ToLower(strings.ReplaceAll(a.name, " ", "-"))
		a.arr = []int{6_000, 24_000, 84_000}[i%3] + 100*random.IntN(90)
		switch {
		case i < 20: // renewals, from very soon to late in the run
			a.renewal = day([]int{18, 25, 40, 52, 66, 80, 88, 95, 101, 104, 108, 112, 115, 118, 121, 126, 131, 137, 142, 150}[i])
			a.fragile = i == 17
			if i%6 == 5 {
				a.silent = -60
			}
		case i < 38: // former customers, their half year falling into the run
			a.status, a.churned = "churned", day(-182+[]int{3, 6, 9, 12, 17, 20, 24, 28, 33, 37, 41, 46, 52, 58, -40, -190, 64, 70}[i-20])
			a.renewal = time.Time{}
			a.reason = []string{"gap", "price", "competitor", "service", "adoption"}[i%5]
			a.manner = "graceful"
			a.missing = []string{"sso;audit log", "forecasting", ""}[i%3]
			a.structural = i == 33
			a.logo = i == 24
			if a.reason == "competitor" {
				a.competitor = "Rowboat"
			}
			a.usage = 0
		case i < 46: // saved in the first weeks of the run
			a.saved = 2 + 4*(i-38)
			if i == 40 || i == 44 {
				a.collapse = 60 + 10*(i-40)
			}
		}
		out = append(out, a)
	}
	return out
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02")
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func table(name string, rows [][]string) {
	f, err := os.Create(name)
	if err != nil {
		log.Fatal(err)
	}
	w := csv.NewWriter(f)
	if err := w.WriteAll(rows); err != nil {
		log.Fatal(err)
	}
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func main() {
	all := accounts()
	rows := [][]string{{"id", "name", "status", "plan", "industry", "country", "timezone", "owner", "executive_sponsor", "seats", "arr", "started_at", "renewal_date", "nps", "logo", "fragile", "churned_at", "churn.reason", "churn.manner", "churn.competitor", "churn.missing_features", "churn.structural"}}
	people := [][]string{{"id", "account", "email", "first_name", "last_name", "title", "role", "timezone", "locale"}}
	for i, a := range all {
		rows = append(rows, []string{a.id, a.name, a.status, a.plan, a.industry, a.country, a.zone, a.owner, a.sponsor, strconv.Itoa(a.seats), strconv.Itoa(a.arr), date(a.started), date(a.renewal), strconv.Itoa(a.nps), yes(a.logo), yes(a.fragile), date(a.churned), a.reason, a.manner, a.competitor, a.missing, yes(a.structural)})
		for j, role := range []string{"champion", "decision_maker"} {
			if j == 1 && i%4 == 3 {
				continue // small accounts have one person
			}
			first, last := firsts[(i*2+j*7)%len(firsts)], lasts[(i+j*4)%len(lasts)]
			people = append(people, []string{a.id + "-" + strings.ToLower(first), a.id, strings.ToLower(first+"."+last) + "@" + a.id + ".example", first, last, []string{"Head of Operations", "Chief Operating Officer"}[j], role, a.zone, "en"})
		}
	}
	table("accounts.csv", rows)
	table("contacts.csv", people)
	events(all)
}

type message struct {
	Type       string         `json:"type"`
	MessageID  string         `json:"messageId"`
	Timestamp  string         `json:"timestamp"`
	Event      string         `json:"event"`
	Properties map[string]any `json:"properties,omitempty"`
	Context    map[string]any `json:"context"`
}

func events(all []account) {
	var out []message
	put := func(a account, d int, hour int, event string, props map[string]any) {
		at := day(d).Add(time.Duration(hour) * time.Hour)
		out = append(out, message{"track", fmt.Sprintf("%s-%s-%d", strings.ToLower(strings.ReplaceAll(event, " ", "-")), a.id, d), at.Format(time.RFC3339), event, props, map[string]any{"groupId": a.id}})
	}
	for _, a := range all {
		for d := -84; d < 210; d += 3 { // usage, every third day
			if a.usage == 0 {
				break
			}
			n := a.usage + random.IntN(a.usage/4+1)
			if a.collapse != 0 && d >= a.collapse {
				n /= 12
			}
			put(a, d, 7, "Feature Used", map[string]any{"feature": []string{"boards", "reports", "forecasts"}[random.IntN(3)], "count": n})
		}
		for d := -80 + random.IntN(20); d < 210 && a.usage > 0; d += 25 + random.IntN(10) {
			if a.silent != 0 && d > a.silent {
				break
			}
			put(a, d, 13, "Conversation Held", map[string]any{"kind": "call"})
		}
		for d := -60 + random.IntN(80); d < 210 && a.usage > 0; d += 40 + random.IntN(60) {
			put(a, d, 10, "Support Ticket Opened", map[string]any{"ticket_id": fmt.Sprintf("T-%s-%d", a.id, d), "priority": "medium"})
			put(a, d+2, 15, "Support Ticket Closed", map[string]any{"ticket_id": fmt.Sprintf("T-%s-%d", a.id, d), "csat": 3 + random.IntN(3), "escalated": a.collapse != 0 && d > a.collapse})
		}
		for d := a.collapse; a.collapse != 0 && d < a.collapse+40; d += 7 {
			put(a, d, 11, "Support Ticket Opened", map[string]any{"ticket_id": fmt.Sprintf("T-%s-x%d", a.id, d), "priority": "urgent"})
		}
		if a.saved != 0 {
			put(a, a.saved, 14, "Account Saved", map[string]any{"reason": "service"})
		}
		if a.status == "churned" && strings.Contains(a.missing, "sso") {
			put(a, 45, 9, "Feature Shipped", map[string]any{"topics": []string{"sso"}, "major": true})
		}
	}
	slices.SortStableFunc(out, func(a, b message) int { return strings.Compare(a.Timestamp, b.Timestamp) })
	f, err := os.Create("events.jsonl.gz")
	if err != nil {
		log.Fatal(err)
	}
	z := gzip.NewWriter(f)
	enc := json.NewEncoder(z)
	for _, m := range out {
		if err := enc.Encode(m); err != nil {
			log.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		log.Fatal(err)
	}
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}
