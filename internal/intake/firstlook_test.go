package intake_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/intake"
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
