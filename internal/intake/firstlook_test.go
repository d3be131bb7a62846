package intake_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/playbooks"
)

// A message may come to an account between the moment at which a new condition is
// in force and that at which it has looked at the account: what was true already
// is not mistaken for what becomes true.
func TestAMessageDuringAFirstLookEnrolsNobodyOfWhomItIsTrueAlready(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.live(`acme = {"arr": 2000}`, `bolt = {"arr": 5}`)
	books := w.compile(map[string]*playbooks.Playbook{}, "playbook: big\ntrigger: {id: grown, when: account.arr >= 1000}")
	_, err := w.Replace(t.Context(), books, func() {
		w.Playbooks = func() []*playbooks.Playbook { return books }
		w.live(`acme = {"arr": 3000}`, `cora = {"arr": 4000}`)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.live(`acme = {"arr": 3500}`, `bolt = {"arr": 6000}`)
	check(t, w.story(), `03-02T09:00 enroll big cora grown: account.arr >= 1000 became true
03-02T09:00 enroll big bolt grown: account.arr >= 1000 became true`)
}

// A first look may fail at any of its transactions, as by a database that goes away
// at the commit: what was not committed was not looked at.
func TestWhatAFirstLookCouldNotWriteItHasNotLookedAt(t *testing.T) {
	t.Parallel()
	for lost := 1; ; lost++ {
		w := newWorld(t)
		w.live(`acme = {"arr": 2000}`)
		books := w.compile(map[string]*playbooks.Playbook{}, "playbook: big\ntrigger: {id: grown, when: account.arr >= 1000}")
		whole := w.Store
		w.Store = &lossy{whole, lost}
		_, err := w.Replace(t.Context(), books, func() { w.Playbooks = func() []*playbooks.Playbook { return books } })
		w.Store = whole
		w.live(`acme = {"arr": 3000}`)
		check(t, w.story(), "")
		if err == nil {
			if lost < 5 {
				t.Errorf("only %d transactions were lost", lost-1)
			}
			return
		}
		if !errors.Is(err, errLost) {
			t.Fatal(err)
		}
	}
}

// lossy undoes the n-th update after all of it was done.
type lossy struct {
	store.Store
	n int
}

var errLost = errors.New("the database went away")

func (s *lossy) Update(ctx context.Context, fn func(store.Tx) error) error {
	if s.n--; s.n != 0 {
		return s.Store.Update(ctx, fn)
	}
	return s.Store.Update(ctx, func(tx store.Tx) error { return errors.Join(fn(tx), errLost) })
}

func TestHowManyAreMetAlready(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	versions := map[string]*playbooks.Playbook{}
	w.ByDigest = func(d string) (*playbooks.Playbook, error) { return versions[d], nil }
	w.live(`acme = {"status": "churned"}`, `bolt = {"status": "active"}`, `cora = {"status": "churned"}`)
	books := w.compile(versions, onChurn, onTicket)
	already := func() []intake.Known {
		t.Helper()
		got, err := w.Already(t.Context(), books)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if d := cmp.Diff([]intake.Known{{Playbook: "back", Trigger: "left", True: 2}}, already()); d != "" {
		t.Errorf("before it is published (-want +got):\n%s", d)
	}
	check(t, w.story(), "")
	w.publish(versions, onChurn, onTicket)
	if got := already(); len(got) > 0 {
		t.Errorf("after it: %v, want none that is new", got)
	}
}
