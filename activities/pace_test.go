package activities_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/calendar"
	"holdfast/internal/project"
	"holdfast/internal/store"
)

const mailed = "steps:\n  - {id: mail, email: hello, to: [contact, contacts.champion]}\n  - {id: close, end: done}\n"

// pacedWorld is a world of accounts a0, a1 …, one contact each, whose project
// paces its mails.
func pacedWorld(t *testing.T, p project.Pace, accounts int, books ...string) *world {
	t.Helper()
	if len(books) == 0 {
		books = []string{book("nudge", mailed)}
	}
	w := quietWorld(t, books...)
	for i := range accounts {
		w.customer("a" + strconv.Itoa(i))
	}
	w.pace(p)
	return w
}

func (w *world) pace(p project.Pace) {
	was := w.config.Project
	w.config.Project = func() activities.Project {
		now := was()
		now.Pace = p
		return now
	}
	w.wire()
}

// each starts a run of a playbook for each of the accounts a0, a1 ….
func (w *world) each(playbook string, accounts int) (runs []*run) {
	for i := range accounts {
		runs = append(runs, w.start(playbook, strconv.Itoa(i), of("a"+strconv.Itoa(i))))
	}
	return runs
}

func of(account string) func(*store.Enrollment) {
	return func(e *store.Enrollment) { e.Account = account }
}

func limit(n int, in string, domains ...string) project.Limit {
	sp, err := calendar.ParseSpan(in)
	if err != nil {
		panic(err)
	}
	return project.Limit{Max: n, In: sp, Domains: domains}
}

// moments at which mails went, in order.
func (w *world) moments() (all []time.Time) {
	for _, m := range w.email.sent {
		all = append(all, m.At)
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// facts that the pace keeps, by name.
func (w *world) fact(key string) (v string) {
	w.t.Helper()
	w.update(func(tx store.Tx) (err error) {
		v, err = tx.MetaGet(key)
		return err
	})
	return v
}

func TestFiftyClaimsAtOnceKeepToTheLimit(t *testing.T) {
	t.Parallel()
	w := pacedWorld(t, project.Pace{Limits: []project.Limit{limit(1, "1m")}}, 50)
	runs := w.each("nudge", 50)
	var wg sync.WaitGroup
	for _, r := range runs {
		step := r.step()
		wg.Go(func() {
			p, err := w.a.Advance(t.Context(), step)
			if err != nil {
				t.Error(err)
			}
			r.last = p
		})
	}
	wg.Wait()
	until := map[time.Time]bool{}
	for _, r := range runs {
		if !r.last.Until.IsZero() {
			until[r.last.Until] = true
		}
	}
	if len(w.email.sent) != 1 || len(until) != 49 {
		t.Fatalf("%d mails went, and the others wait for %d moments; want 1 and 49", len(w.email.sent), len(until))
	}
	w.wire() // a restart: what was promised is kept
	w.live(monday.Add(24*time.Hour), runs...)
	at := w.moments()
	for i := range at[1:] {
		if gap := at[i+1].Sub(at[i]); gap < time.Minute-2*time.Second || gap > time.Minute {
			t.Errorf("%s between two mails, want a minute", gap)
		}
	}
	if len(at) != 50 || at[49].After(monday.Add(50*time.Minute)) {
		t.Errorf("%d mails, the last at %s; want 50 within 50 minutes", len(at), at[len(at)-1])
	}
	if waits := strings.Count(strings.Join(runs[7].timeline(), ","), "shift mail pace") + strings.Count(strings.Join(runs[8].timeline(), ","), "shift mail pace"); waits > 2 {
		t.Errorf("a touch waited more than once: %v, %v", runs[7].timeline(), runs[8].timeline())
	}
	if left := w.fact("pace/places/" + runs[7].id); left != "" {
		t.Errorf("a place is kept that was used: %s", left)
	}
}

func TestADowntimeEndsWithoutABurst(t *testing.T) {
	t.Parallel()
	w := pacedWorld(t, project.Pace{Limits: []project.Limit{limit(20, "1m")}}, 60)
	runs := w.each("nudge", 60)
	w.live(monday, runs...) // all have asked once
	w.clock.Move(monday.Add(30 * time.Minute))
	w.live(monday.Add(time.Hour), runs...)
	at := w.moments()
	for i, from := range at {
		n := 0
		for _, m := range at[i:] {
			if m.Sub(from) < time.Minute {
				n++
			}
		}
		if n > 21 {
			t.Fatalf("%d mails in the minute from %s on, want 20 and one", n, from)
		}
	}
	if len(at) != 60 {
		t.Errorf("%d of 60 mails went", len(at))
	}
}

func TestDomainsArePacedApart(t *testing.T) {
	t.Parallel()
	each := limit(1, "1h")
	each.PerDomain = true
	w := pacedWorld(t, project.Pace{Limits: []project.Limit{each, limit(2, "1h", "gmail.com")}}, 0)
	for id, address := range map[string]string{
		"a0": "x@Acme.test", "a1": "y@acme.TEST.", "a2": "z@eu.acme.test", "a3": "x@gmail.com", "a4": "y@GMAIL.com", "a5": "z@mail.gmail.com", "a6": "a@other.test",
	} {
		w.customer(id)
		w.update(func(tx store.Tx) error {
			return tx.PutContact(store.Contact{ID: "c" + id, Account: id, Fields: fields("email", address, "first_name", "Dana", "role", "champion")})
		})
	}
	runs := w.each("nudge", 7)
	w.live(monday, runs...)
	gone := map[string]int{}
	for _, m := range w.email.sent {
		gone[strings.TrimSuffix(strings.ToLower(m.To.Email[strings.Index(m.To.Email, "@")+1:]), ".")]++
	}
	gmail := gone["gmail.com"] + gone["mail.gmail.com"]
	if gone["acme.test"] != 1 || gone["eu.acme.test"] != 1 || gone["other.test"] != 1 || gmail != 1 {
		t.Errorf("at once went %v; want one to each domain, one to all of gmail.com", gone)
	}
	w.live(monday.Add(2*time.Hour), runs...)
	if len(w.email.sent) != 7 {
		t.Errorf("%d of 7 went in the end", len(w.email.sent))
	}
}

func TestAWarmUpLetsSoManyGoEachDay(t *testing.T) {
	t.Parallel()
	p := project.Pace{WarmUp: &project.WarmUp{From: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), FirstDay: 2, Doubles: 2}}
	w := pacedWorld(t, p, 20)
	runs := w.each("nudge", 20)
	w.live(monday, runs...)
	if got := w.fact("pace/days/email"); got != `{"2026-03-02":2,"2026-03-03":2,"2026-03-04":4,"2026-03-05":4,"2026-03-06":8}` {
		t.Errorf("promised %s", got)
	}
	dropped := slices.IndexFunc(runs, func(r *run) bool { return r.row().Due.Day() == 3 })
	w.update(func(tx store.Tx) error {
		return tx.Signal(store.Signal{Enrollment: runs[dropped].id, Kind: "exit", Outcome: "gone", At: monday})
	})
	runs[dropped].rest()
	if got := w.fact("pace/days/email"); !strings.Contains(got, `"2026-03-03":1,`) {
		t.Errorf("after one ended: %s; want its place given back", got)
	}
	w.live(monday.AddDate(0, 0, 10), runs...)
	days := map[string]int{}
	for _, at := range w.moments() {
		days[at.Format(time.DateOnly)]++
	}
	if want := "map[2026-03-02:2 2026-03-03:1 2026-03-04:4 2026-03-05:4 2026-03-06:8]"; fmt.Sprint(days) != want {
		t.Errorf("went %v, want %s", days, want)
	}
}

func TestARateLimitSlowsEverybody(t *testing.T) {
	t.Parallel()
	w := pacedWorld(t, project.Pace{PerDay: 4}, 4)
	refuse := true
	w.email.fail = func(holdfast.Outbound) error {
		if refuse {
			refuse = false
			return &holdfast.DeliveryError{Channel: "email", Reason: "rate_limited", Refused: true, After: 10 * time.Minute, Err: errors.New("429")}
		}
		return nil
	}
	runs := w.each("nudge", 4)
	w.live(monday, runs...)
	if len(w.email.sent) != 0 {
		t.Fatalf("%d mails went while the provider wanted none", len(w.email.sent))
	}
	if got := strings.Join(runs[1].timeline(), ",") + "," + strings.Join(runs[2].timeline(), ","); !strings.Contains(got, "shift mail pace") {
		t.Errorf("the others: %s, want a shift for pace", got)
	}
	w.live(monday.Add(24*time.Hour), runs...)
	at := w.moments()
	if len(at) != 4 || at[0].Before(monday.Add(10*time.Minute)) || at[3].After(monday.Add(11*time.Minute)) {
		t.Errorf("went at %v; want all four soon after ten minutes: a refused one keeps its place in the day", at)
	}
}

func TestAWishOfOneProviderIsNoOthers(t *testing.T) {
	t.Parallel()
	w := pacedWorld(t, project.Pace{}, 1, book("nudge", "steps:\n  - {id: note, slack: owner, text: hello}\n  - {id: mail, email: hello, to: [contact, contacts.champion]}\n  - {id: close, end: done}\n"), book("later", mailed))
	w.slack.fail = func(holdfast.Outbound) error {
		return &holdfast.DeliveryError{Channel: "slack", Reason: "rate_limited", Refused: true, After: time.Hour, Err: errors.New("429")}
	}
	note := w.start("nudge", "1", of("a0"))
	note.rest()
	mail := w.start("later", "2", of("a0"))
	mail.rest()
	if len(w.email.sent) != 1 {
		t.Errorf("%d mails, want one: Slack's limit is not e-mail's", len(w.email.sent))
	}
}

func TestAReceiptGoesBeforeThoseWhoWait(t *testing.T) {
	t.Parallel()
	receipts := strings.Replace(book("receipt", mailed), "class: outreach", "class: transactional", 1)
	w := pacedWorld(t, project.Pace{Limits: []project.Limit{limit(1, "1m")}}, 30, book("nudge", mailed), receipts)
	runs := w.each("nudge", 29)
	w.live(monday.Add(5*time.Second), runs...)
	r := w.start("receipt", "r", of("a29"))
	w.live(monday.Add(3*time.Minute), append(runs, r)...)
	if got := strings.Join(r.ledger(), ","); !strings.Contains(got, "sent") {
		t.Errorf("the receipt: %s, %v; want it within the next minutes", got, r.timeline())
	}
	at := w.moments()
	for i := range at[1:] {
		if gap := at[i+1].Sub(at[i]); gap < time.Minute-3*time.Second {
			t.Errorf("%s between two mails: a receipt keeps to the limit too", gap)
		}
	}
}
