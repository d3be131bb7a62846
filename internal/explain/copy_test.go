package explain

import (
	"reflect"
	"strings"
	"testing"

	"holdfast/internal/store"
)

// writes is every method of a transaction that writes, and what a copy of an
// account does about the rows behind it. Whoever adds one says so here, and in
// copy.go: an explanation that has not got the rows tells lies.
var writes = map[string]string{
	"MetaSet": "facets", "PutAccount": "state", "PutContact": "people", "PutObject": "people", "PutRest": "people",
	"AppendEvent": "events", "Expect": "it only announces AppendEvent", "Suppress": "suppressions", "Unsuppress": "only takes away", "AddToBucket": "metrics",
	"PutVersion": "published", "SetHead": "published", "PutTruth": "truths", "PutDue": "dues",
	"Enroll": "enrollments", "Signal": "run", "PutListener": "listeners", "PutTask": "run", "PutTouch": "run", "PutSighting": "run", "AddLine": "run",
	"PutApproval": "approvals", "PutHold": "quiet", "PutArm": "quiet", "DropHold": "only takes away",
	"PutEnrollment": "Enroll writes it whole", "Wake": "a copy wakes all at once", "DropDue": "only takes away", "DropListener": "only takes away",
	"AddRelease": "the heads say what is published; nobody here asks where it came from", "DropHead": "only takes away",
	"Park": "what waits for its account is of none", "Unpark": "Park", "Parked": "Park", "ForgetParked": "Park",
	"PutToken": "who may call changes nothing of an account", "PutErasure": "a copy has what is left", "PutText": "PutErasure", "DropText": "only takes away", "DropContact": "only takes away", "Prune": "only takes away",
	"PutAlias": "a copy is of one account, under the id that it has now", "MoveAccount": "PutAlias", "MoveContact": "PutAlias", "MoveTruth": "truths",
	"AddAudit": "who did it changes nothing of an account", "Restart": "there is no relay",
	"WakeEnded": "a copy wakes all at once", "UnleaseAll": "there is no relay",
	"PutMessage": "what the outbox keeps is read by nobody here",
	"Lease":      "there is no relay", "Delivered": "there is no relay", "Unlease": "there is no relay",
}

// reads are methods that only read, by how their names begin.
var reads = []string{"MetaGet", "Account", "Contact", "Object", "Event", "LastEvent", "Bucket", "AllBuckets", "Look", "Suppressions", "AllSuppressions", "Rests", "Many", "Version", "Heads",
	"Sighting", "Truth", "Due", "DueBefore", "NextDue", "DueEnrollments", "NextEnrollmentDue", "ListEnrollments", "Enrollment", "Unsettled", "Signals", "ExitOf", "Listeners",
	"Task", "Touch", "Count", "LastTouch", "Message", "Lines", "LastLine", "Approval", "Arm", "Hold", "Release", "Sift", "CanSift", "Alias", "AllTokens", "Token", "Erasure", "TextsOf", "Leaving", "Audits", "Standing", "OptOuts"}

func TestNothingThatIsStoredIsLeftOutOfACopy(t *testing.T) {
	t.Parallel()
	tx := reflect.TypeFor[store.Tx]()
	for method := range tx.Methods() {
		name := method.Name
		known := writes[name] != ""
		for _, r := range reads {
			known = known || strings.HasPrefix(name, r)
		}
		if !known {
			t.Errorf("store.Tx.%s: say here, and in copy.go, how a copy of an account gets its rows", name)
		}
	}
}

func TestACopyIsTheAccount(t *testing.T) {
	t.Parallel()
	p := newProduction(t, newProject(t, outreach))
	dana(p)
	p.group(map[string]any{"name": "Acme", "status": "active", "arr": 20000, "owner": "mira"})
	p.event("Ticket Opened", map[string]any{"priority": "urgent"})
	p.play(start.AddDate(0, 0, 6))
	w, err := newWorld(p.project, "acme", p.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer w.store.Close() //nolint:errcheck // it is memory
	if err := w.copyFrom(t.Context(), p.store, start.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	there, here := dump(t, p.world), dump(t, w)
	for name, want := range there {
		if !reflect.DeepEqual(here[name], want) {
			t.Errorf("%s\ngot  %+v\nwant %+v", name, here[name], want)
		}
	}
}

// What a replay of the messages builds is what the live intake built.
func TestARebuiltAccountReadsTheSame(t *testing.T) {
	t.Parallel()
	p := newProduction(t, newProject(t, outreach))
	dana(p)
	p.event("Ticket Opened", map[string]any{"priority": "urgent"})
	p.group(map[string]any{"name": "Acme", "status": "active", "arr": 20000, "owner": "mira"})
	p.clock.Move(start.AddDate(0, 0, 3))
	p.group(map[string]any{"arr": 9000})
	p.event("email.replied", nil)
	w, err := newWorld(p.project, "acme", p.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer w.store.Close() //nolint:errcheck // it is memory
	if err := w.rebuild(t.Context(), p.store, p.clock.Now(), false); err != nil {
		t.Fatal(err)
	}
	there, here := dump(t, p.world), dump(t, w)
	for _, name := range []string{"account", "contacts", "buckets", "heads", "touches", "tasks"} {
		if !reflect.DeepEqual(here[name], there[name]) {
			t.Errorf("%s\ngot  %+v\nwant %+v", name, here[name], there[name])
		}
	}
}

// dump is what a store remembers of the account, as far as it is read one by one.
func dump(t *testing.T, w *world) map[string]any {
	t.Helper()
	out := map[string]any{}
	keep := func(name string, v any, err error) {
		if err != nil {
			t.Error(name, err)
		}
		out[name] = v
	}
	err := w.store.View(t.Context(), func(tx store.Tx) error {
		a, err := tx.Account("acme")
		keep("account", a, err)
		cs, err := tx.Contacts("acme")
		keep("contacts", cs, err)
		bs, err := tx.AllBuckets("acme", "")
		keep("buckets", bs, err)
		tr, err := tx.Truth("outreach", "condition", "acme")
		if !missing(err) { // a rebuilt account has none
			keep("truth", tr, err)
		}
		ls, err := tx.Listeners("acme", "Ticket Opened")
		keep("listeners", ls, err)
		es, err := tx.EnrollmentsOf("acme", false)
		for i := range es {
			es[i].Woken, es[i].Echoed = 0, 0
			ts, err := tx.TouchesOf(es[i].ID)
			keep("touches", ts, err)
			ks, err := tx.TasksOf(es[i].ID)
			keep("tasks", ks, err)
		}
		keep("enrollments", es, err)
		heads, err := tx.Heads()
		keep("heads", heads, err)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
