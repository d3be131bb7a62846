package intake_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/playbooks"
)

const lowest = "playbook: lowest\ntrigger: {when: percentile(account.seats) < 25}\nenroll: {once_per: [trigger, occurrence]}\n"

// crowd is forty accounts with 1 to 40 seats.
func (w *world) crowd() (ms []holdfast.Message) {
	for i := 1; i <= 40; i++ {
		ms = append(ms, w.msg(fmt.Sprintf(`a%02d = {"seats":%d}`, i, i)))
	}
	return ms
}

// entered are the accounts that have an enrollment, by id.
func (w *world) entered() string {
	var ids []string
	w.view(func(tx store.Tx) error {
		ids = nil
		all, err := tx.AccountIDs("", 0)
		for _, id := range all {
			if es, _ := tx.EnrollmentsOf(id, false); len(es) > 0 {
				ids = append(ids, id)
			}
		}
		return err
	})
	return strings.Join(ids, " ")
}

func TestTheBottomQuartileIsOfEveryAccountAsOfLastNight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.takeAll(intake.History, w.crowd())
	w.publishAll(lowest)
	w.run(24 * time.Hour)
	check(t, w.entered(), "") // who was in it when the playbook came is left alone

	w.live(`a40 = {"seats":2}`)
	check(t, w.entered(), "a40")

	// The ten above the quartile fall into it overnight, since all below them rise:
	// nothing is heard of them.
	for i := 1; i <= 10; i++ {
		w.live(fmt.Sprintf(`a%02d = {"seats":%d}`, i, 100+i))
	}
	check(t, w.entered(), "a40")
	w.run(24 * time.Hour)
	check(t, w.entered(), "a11 a12 a13 a14 a15 a16 a17 a18 a19 a40")
}

// publishAll makes books the heads in place of those there are.
func (w *world) publishAll(books ...string) {
	w.t.Helper()
	heads := w.compile(w.versions, books...)
	if _, err := w.Publish(w.t.Context(), heads); err != nil {
		w.t.Fatal(err)
	}
	w.Playbooks = func() []*playbooks.Playbook { return heads }
}

func TestFewAccountsHaveNoQuartile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.takeAll(intake.History, w.crowd()[:19])
	w.publishAll(lowest)
	w.live(`a19 = {"seats":0}`)
	w.run(48 * time.Hour)
	check(t, w.entered(), "")
}

func TestAReplayRanksAsTheIntakeDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	crowd := w.crowd()
	w.takeAll(intake.History, crowd)
	w.publishAll(lowest)
	r := intake.NewReplay(intake.ReplayOptions{Rules: w.Rules(), Playbooks: w.Playbooks(), From: start.Add(time.Minute), ScanEvery: 24 * time.Hour})
	take := func(ms ...holdfast.Message) {
		t.Helper()
		for _, m := range ms {
			if reason, err := r.Take(m); reason != "" || err != nil {
				t.Fatal(reason, err)
			}
		}
	}
	take(crowd...)
	w.run(24 * time.Hour)
	ms := []holdfast.Message{w.msg(`a40 = {"seats":2}`)}
	for i := 1; i <= 10; i++ {
		ms = append(ms, w.msg(fmt.Sprintf(`a%02d = {"seats":%d}`, i, 100+i)))
	}
	w.takeAll(intake.Live, ms)
	take(ms...)
	w.run(48 * time.Hour)
	if err := r.End(w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, e := range r.Entries() {
		ids[e.Account] = true
	}
	var got []string
	for i := 1; i <= 40; i++ {
		if id := fmt.Sprintf("a%02d", i); ids[id] {
			got = append(got, id)
		}
	}
	check(t, strings.Join(got, " "), w.entered())
}
