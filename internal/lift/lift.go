// Package lift says what a playbook did beyond what would have happened: the
// share of accounts that met its goal among those it treated, against those it
// held out. Pure.
package lift

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Entry is one enrollment, as far as lift is concerned.
type Entry struct {
	Playbook, Account, Arm string // Arm: treated or holdout
	Started                time.Time
	Met                    time.Time // when the goal was met, zero: it was not
	Until                  time.Time // end of the goal's window, zero: it has none
}

// Side is one arm. Only accounts whose window is over are compared: while it is
// open, those that met the goal early would count and those that may yet would
// count against.
type Side struct {
	Accounts int `json:"accounts"` // first entries, all of them
	Open     int `json:"open"`     // whose window is not over
	Closed   int `json:"closed"`
	Met      int `json:"met"` // of the closed
}

// Rate is the share of the closed that met the goal, from 0 to 1.
func (s Side) Rate() float64 {
	if s.Closed == 0 {
		return 0
	}
	return float64(s.Met) / float64(s.Closed)
}

// Row is one playbook. Lift is the difference of the rates, Low and High bound it
// with 95 % confidence; all three are meaningful only when Known.
type Row struct {
	Playbook string   `json:"playbook"`
	Treated  Side     `json:"treated"`
	HeldOut  Side     `json:"holdout"`
	Known    bool     `json:"known"` // both sides have someone to compare
	Lift     float64  `json:"lift"`
	Low      float64  `json:"low"`
	High     float64  `json:"high"`
	Warnings []string `json:"warnings,omitempty"`
}

// fewest is how many cases a side needs before its rate means much (practice: 30
// is the usual least for a rate); suspicious is the rate above which those who
// were saved were likely never at risk.
const (
	fewest     = 30
	suspicious = 0.70
)

// Table compares the arms of every playbook that held someone out, by name. An
// account counts once, in the arm of its first entry.
func Table(entries []Entry, now time.Time) []Row {
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b Entry) int { return a.Started.Compare(b.Started) })
	rows := map[string]*Row{}
	seen := map[[2]string]bool{}
	for _, e := range entries {
		key := [2]string{e.Playbook, e.Account}
		if e.Until.IsZero() || seen[key] {
			continue
		}
		seen[key] = true
		r := rows[e.Playbook]
		if r == nil {
			r = &Row{Playbook: e.Playbook}
			rows[e.Playbook] = r
		}
		side := &r.Treated
		if e.Arm == "holdout" {
			side = &r.HeldOut
		}
		side.Accounts++
		if now.Before(e.Until) {
			side.Open++
			continue
		}
		side.Closed++
		if !e.Met.IsZero() {
			side.Met++
		}
	}
	var out []Row
	for _, r := range rows {
		if r.HeldOut.Accounts > 0 {
			r.compare()
			out = append(out, *r)
		}
	}
	slices.SortFunc(out, func(a, b Row) int { return strings.Compare(a.Playbook, b.Playbook) })
	return out
}

func (r *Row) compare() {
	for _, side := range []struct {
		name string
		Side
	}{{"treated", r.Treated}, {"holdout", r.HeldOut}} {
		if side.Closed < fewest {
			r.Warnings = append(r.Warnings, fmt.Sprintf("only %d closed cases are %s; %d is the least to rely on", side.Closed, side.name, fewest))
		}
	}
	if r.Treated.Closed > 0 && r.Treated.Rate() > suspicious {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%.0f%% met the goal; over %.0f%% usually means that those were not at risk", 100*r.Treated.Rate(), 100*suspicious))
	}
	if r.Known = r.Treated.Closed > 0 && r.HeldOut.Closed > 0; !r.Known {
		return
	}
	r.Lift = r.Treated.Rate() - r.HeldOut.Rate()
	tl, th := wilson(r.Treated)
	hl, hh := wilson(r.HeldOut)
	t, h := r.Treated.Rate(), r.HeldOut.Rate()
	r.Low = r.Lift - math.Hypot(t-tl, hh-h)
	r.High = r.Lift + math.Hypot(th-t, h-hl)
}

// wilson is the 95 % score interval of a rate. Two of them bound the difference
// of rates, also for few cases (Newcombe 1998, Statistics in Medicine 17, method 10).
func wilson(s Side) (low, high float64) {
	const z = 1.959964
	n, p := float64(s.Closed), s.Rate()
	mid := p + z*z/(2*n)
	wide := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return (mid - wide) / (1 + z*z/n), (mid + wide) / (1 + z*z/n)
}
