package intake_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/intake"
	"holdfast/internal/source"
	"holdfast/internal/store"
	"holdfast/rules"
)

func (w *world) receive(ms ...holdfast.Message) intake.Result {
	w.t.Helper()
	res, err := w.Receive(context.Background(), intake.Call{Messages: ms})
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

func (w *world) email(contact string) (value any) {
	w.t.Helper()
	w.view(func(tx store.Tx) error {
		c, err := tx.Contact(contact)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		value = c.Fields["email"].Value
		return err
	})
	return value
}

// Whichever comes first: who somebody is, what they did, or which account they
// are of.
func TestAPersonIsPlacedInAnyOrderAndAnyNumberOfCalls(t *testing.T) {
	t.Parallel()
	for _, cut := range []int{0, 1, 2, 3} {
		for name, order := range map[string][]int{"identify first": {0, 1, 2}, "event first": {1, 0, 2}, "group first": {2, 0, 1}} {
			t.Run(fmt.Sprintf("%s, cut at %d", name, cut), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				ms := []holdfast.Message{w.msg(`/dana : {"email": "dana@acme.example"}`), w.msg(`/dana Login {"count": 3}`), w.msg(`acme/dana = {"name": "Acme"}`)}
				var sent []holdfast.Message
				for _, i := range order {
					sent = append(sent, ms[i])
				}
				w.receive(sent[:cut]...)
				w.receive(sent[cut:]...)
				if again := w.receive(sent...); again.Repeated != 3 {
					t.Errorf("again: got %+v", again)
				}
				if got := w.email("dana"); got != "dana@acme.example" {
					t.Errorf("got the address %v", got)
				}
				w.view(func(tx store.Tx) error {
					es, err := tx.Events("acme", nil, time.Time{}, time.Time{}, 0)
					bs, errB := tx.Buckets("acme", "logins", "", "9999")
					if len(es) != 3 || len(bs) != 1 || bs[0].Sum != 3 {
						t.Errorf("got %d events, %v", len(es), bs)
					}
					return errors.Join(err, errB)
				})
			})
		}
	}
}

func TestWhatIsParkedIsBoundedAndForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ms []holdfast.Message
	for range 102 {
		ms = append(ms, w.msg("/dana Login"))
	}
	if res := w.receive(ms...); res.Parked != 100 || res.Rejected != 2 || res.Messages != 102 {
		t.Errorf("got %+v", res)
	}
	w.clock.Move(w.clock.Now().AddDate(0, 0, 31))
	w.receive(w.msg("/leo Login"))
	if res := w.receive(w.msg("acme/dana = {}"), w.msg("acme/leo = {}")); res.Placed != 1 {
		t.Errorf("got %+v, want that of leo alone", res)
	}
}

// What could not be taken later is refused before it is acknowledged.
func TestWhatHasAValueThatItsFieldCannotHaveDoesNotWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	res := w.receive(w.msg(`/dana Login {"count": "many"}`), w.msg(`/dana Login {"count": 2}`))
	if res.Parked != 1 || len(res.Problems) != 1 || res.Problems[0].Reason != `count: found "many", expected a whole number` {
		t.Errorf("got %+v", res)
	}
	if res := w.receive(w.msg("acme/dana = {}")); res.Placed != 1 || len(res.Lost) > 0 {
		t.Errorf("got %+v", res)
	}
}

// Rules may change while a message waits.
func TestWhatWaitedAndCannotBeTakenIsNamedWithoutItsValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var logged strings.Builder
	w.Log = slog.New(slog.NewTextHandler(&logged, nil))
	m := w.msg(`/dana Ticket Opened {"priority": "dana@acme.example"}`)
	w.receive(m)
	docs, _ := source.Parse("rules.yaml", []byte(strings.Replace(testRules, "priority: {type: string}", "priority: {type: int}", 1)))
	set, found := rules.Load(docs)
	if diag.Failed(found) {
		t.Fatal(found)
	}
	w.Rules = func() *rules.Set { return set }
	if res := w.receive(w.msg("acme/dana = {}")); res.Placed != 0 || res.Messages != 1 || len(res.Problems) != 0 || !slices.Equal(res.Lost, []string{"test"}) {
		t.Errorf("got %+v", res)
	}
	if got := logged.String(); !strings.Contains(got, "message="+m.ID) || !strings.Contains(got, "source=test") || strings.Contains(got, "dana") {
		t.Errorf("logged %s", got)
	}
}

// An import that names a person places what waited for them, too.
func TestWhoeverNamesAPersonPlacesThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(w.msg(`/dana : {"email": "dana@acme.example"}`))
	if res := w.take(intake.History, `acme/dana : {"role": "champion"}`); res.Placed != 1 || res.Messages != 1 {
		t.Errorf("got %+v", res)
	}
	if got := w.email("dana"); got != "dana@acme.example" {
		t.Errorf("got the address %v", got)
	}
}

// What an anonymous visitor did is theirs once they say who they are, whichever
// is known first.
func TestWhatWaitsForOneIdMovesToAnother(t *testing.T) {
	t.Parallel()
	for _, known := range []bool{true, false} {
		w := newWorld(t)
		w.receive(w.msg(`/anon-9 Login {"count": 2}`))
		if known {
			w.receive(w.msg("acme/dana = {}"))
		}
		res, err := w.Receive(t.Context(), intake.Call{Same: []intake.Same{{Old: "anon-9", New: "dana"}, {Old: "nobody", New: "dana"}}})
		if err != nil {
			t.Fatal(err)
		}
		if !known {
			res = w.receive(w.msg("acme/dana = {}"))
		}
		if res.Placed != 1 {
			t.Errorf("known %v: got %+v", known, res)
		}
		w.view(func(tx store.Tx) error {
			es, err := tx.Events("acme", []string{"Login"}, time.Time{}, time.Time{}, 0)
			if len(es) != 1 || es[0].Contact != "dana" {
				t.Errorf("known %v: got %+v", known, es)
			}
			return err
		})
	}
}

// Whoever says who they are by an id that has become another is that other.
func TestWhatWaitsMovesToWhomAnIdHasBecome(t *testing.T) {
	t.Parallel()
	for _, known := range []bool{true, false} {
		w := newWorld(t)
		if known {
			w.live("acme/dana : {}", "acme/dan : {}")
		}
		w.merge(w.isNow("dan", "dana"))
		w.receive(w.msg(`/anon-9 Login {"count": 2}`))
		res, err := w.Receive(t.Context(), intake.Call{Messages: []holdfast.Message{w.msg(`/dan : {"role": "champion"}`)}, Same: []intake.Same{{Old: "anon-9", New: "dan"}}})
		if err != nil {
			t.Fatal(err)
		}
		placed := res.Placed
		if !known {
			placed = w.receive(w.msg("acme/dana = {}")).Placed - 1 // what was said of dan
		}
		if placed != 1 {
			t.Errorf("known %v: placed %d of what waited", known, placed)
		}
		w.view(func(tx store.Tx) error {
			es, err := tx.Events("acme", []string{"Login"}, time.Time{}, time.Time{}, 0)
			left, errL := tx.Parked([]string{"anon-9", "dan", "dana"})
			if len(es) != 1 || es[0].Contact != "dana" || len(left) != 0 {
				t.Errorf("known %v: got %+v, left %+v", known, es, left)
			}
			return errors.Join(err, errL)
		})
	}
}

func TestReceiveIsAllOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ms := []holdfast.Message{w.msg("acme = {\"name\": \"Acme\"}"), w.msg("acme/dana Login")}
	broken := errors.New("broken")
	if _, err := w.Receive(context.Background(), intake.Call{Messages: ms, Also: func(store.Tx) error { return broken }}); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	w.view(func(tx store.Tx) error {
		es, err := tx.Events("acme", nil, time.Time{}, time.Time{}, 0)
		if len(es) > 0 {
			t.Error("something was written")
		}
		return err
	})
	if res := w.receive(ms...); res.Fresh != 2 {
		t.Errorf("got %+v", res)
	}
}

// only is a source that may write little.
type only []string

func (o only) Field(name string) bool  { return slices.Contains(o, name) }
func (o only) Object(kind string) bool { return slices.Contains(o, kind) }

func TestASourceWritesNoMoreThanItMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.MayWrite = func(source string) intake.Writes {
		if source == "test" {
			return only{"name", "email"}
		}
		return nil
	}
	res := w.receive(w.msg(`acme = {"name": "Acme", "arr": 5}`), w.msg(`acme/dana : {"email": "d@acme.example", "role": "boss"}`),
		w.msg("acme Churned"), w.msg(`acme Subscription Started {"subscription_id": "s1", "seats": 3}`))
	if res.Fresh != 4 || res.Withheld != 4 {
		t.Errorf("got %+v", res)
	}
	other := w.msg(`acme = {"arr": 7}`)
	other.Source = "import"
	w.takeAll(intake.Live, []holdfast.Message{other})
	w.view(func(tx store.Tx) error {
		a, err := tx.Account("acme")
		got := map[string]string{}
		for name, f := range a.Fields {
			got[name] = fmt.Sprint(f.Value)
		}
		os, errO := tx.Objects("acme", "subscription")
		if d := cmp.Diff(map[string]string{"name": "Acme", "arr": "7"}, got); d != "" || len(os) > 0 {
			t.Error(d, os)
		}
		return errors.Join(err, errO)
	})
}

// account.set is said by playbooks alone: it passes every mapping by.
func TestNoKindOfMessageCarriesAnEventOfOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, kind := range []string{holdfast.Track, holdfast.Group, holdfast.Identify} {
		m := w.msg("acme/dana Login")
		m.Kind, m.Event = kind, holdfast.EventAccountSet
		res := w.receive(m)
		if len(res.Problems) != 1 || !strings.Contains(res.Problems[0].Reason, "Holdfast's own") {
			t.Errorf("%s: got %+v", kind, res)
		}
	}
}
