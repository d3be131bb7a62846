package intake_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
)

// placed is the account of a contact.
func (w *world) placed(contact string) (account string) {
	w.t.Helper()
	w.view(func(tx store.Tx) error {
		c, err := tx.Contact(contact)
		account = c.Account
		return err
	})
	return account
}

// orders are all orders of n.
func orders(n int) (all [][]int) {
	if n == 0 {
		return [][]int{nil}
	}
	for _, o := range orders(n - 1) {
		for i := range n {
			all = append(all, slices.Insert(slices.Clone(o), i, n-1))
		}
	}
	return all
}

func TestWhoseAContactIsTheNewestThatNamesTheAccountSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		said []string
		want string
	}{
		"two groups":                       {[]string{`acme/dana = {} @-2h`, `bolt/dana = {} @-1h`}, "bolt"},
		"a group after an event":           {[]string{`acme/dana Churned @-3h`, `bolt/dana = {} @-2h`, `/dana Churned @-1h`}, "bolt"},
		"an event after a group":           {[]string{`acme/dana = {} @-2h`, `bolt/dana Churned @-1h`}, "acme"},
		"events alone: the first":          {[]string{`acme/dana Churned @-3h`, `bolt/dana Churned @-2h`, `acme/dana Churned @-1h`}, "acme"},
		"what the schema does not know":    {[]string{`acme/dana : {"hubspot_id":"7"} @-3h`, `/dana : {"email":"d@acme.example"} @-2h`, `bolt/dana : {"hubspot_id":"7"} @-1h`}, "bolt"},
		"rows without a field":             {[]string{`acme/dana : {} @-2h`, `bolt/dana : {} @-1h`}, "bolt"},
		"an identify that names no one":    {[]string{`acme/dana : {"email":"a@acme.example"} @-3h`, `bolt/dana : {"role":"champion"} @-2h`, `/dana : {"email":"d@bolt.example"} @-1h`}, "bolt"},
		"at one time, the greater message": {[]string{`acme/dana = {}`, `bolt/dana = {}`, `acme/dana : {}`}, "acme"},
		"our own events say nothing":       {[]string{`acme/dana : {} @-2h`, `bolt/dana contact.opted_in {"said":"page"} @-1h`}, "acme"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, order := range orders(len(c.said)) {
				w := newWorld(t)
				ms := make([]holdfast.Message, len(c.said))
				for i, text := range c.said {
					ms[i] = w.msg(text)
				}
				for _, i := range order {
					w.receive(ms[i])
				}
				if got := w.placed("dana"); got != c.want {
					t.Errorf("in the order %v dana is at %s, want %s", order, got, c.want)
				}
			}
		})
	}
}

func TestAContactThatWasThereBeforeIsMovedByAGroupAndByNoEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	err := w.Store.Update(t.Context(), func(tx store.Tx) error {
		return tx.PutContact(store.Contact{ID: "dana", Account: "acme", Fields: map[string]store.Field{"email": {Value: "d@acme.example", At: start, Message: "m"}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	w.live(`bolt/dana Churned @-1h`)
	if got := w.placed("dana"); got != "acme" {
		t.Errorf("an event moved her to %s", got)
	}
	w.live(`bolt/dana = {} @-2h`)
	if got := w.placed("dana"); got != "bolt" {
		t.Errorf("she is at %s", got)
	}
}

func TestTwoContactsThatBecomeOneAreWhereTheNewestSays(t *testing.T) {
	t.Parallel()
	for _, order := range orders(4) {
		w := newWorld(t)
		ms := []holdfast.Message{w.msg(`acme/dan = {} @-1h`), w.msg(`bolt/dana : {} @-2h`), w.msg(`cord/dan Churned`), w.isNow("dan", "dana")}
		for _, i := range order {
			w.receive(ms[i])
		}
		if got := w.placed("dana"); got != "acme" {
			t.Errorf("in the order %v dana is at %s", order, got)
		}
	}
}

// counted counts how often contacts are written.
type counted struct {
	store.Store
	puts int
}

type countedTx struct {
	store.Tx
	st *counted
}

func (c *counted) Update(ctx context.Context, fn func(store.Tx) error) error {
	return c.Store.Update(ctx, func(tx store.Tx) error { return fn(countedTx{tx, c}) })
}

func (c countedTx) PutContact(p store.Contact) error {
	c.st.puts++
	return c.Tx.PutContact(p)
}

func TestEventsOfSomebodyWhoIsPlacedDoNotWriteThemAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	st := &counted{Store: memory.New()}
	w.Store = st
	w.live(`acme/dana = {} @-2h`, `acme/ann Churned @-2h`)
	st.puts = 0
	w.live(`acme/dana Churned @-3h`, `acme/dana Churned @-1h`, `acme/ann Churned @-1h`, `bolt/ann Churned`, `/ann Churned`, `bolt/dana Churned`)
	if st.puts != 0 {
		t.Errorf("contacts were written %d times", st.puts)
	}
}

// said is a random message about one of two people and one of three accounts.
func said(r *rand.Rand, w *world) holdfast.Message {
	who := []string{"", "acme", "bolt", "cord"}[r.IntN(4)] + "/" + []string{"dan", "dana"}[r.IntN(2)]
	what := []string{" Churned", fmt.Sprintf(` : {"email":"%d@x.example"}`, r.IntN(9)), fmt.Sprintf(` : {"role":"r%d"}`, r.IntN(9)), ` : {"hubspot_id":"7"}`, ` = {}`}
	i := r.IntN(5)
	if who[0] == '/' {
		i = r.IntN(4)
	}
	return w.msg(fmt.Sprintf("%s%s @-%dm", who, what[i], r.IntN(6)))
}

// both is what is kept of the two, told by the account they are at.
func (w *world) both() (text string) {
	w.t.Helper()
	w.view(func(tx store.Tx) error {
		for _, id := range []string{"dan", "dana"} {
			c, err := tx.Contact(id)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			text += fmt.Sprintf("%s at %s: %v\n", id, c.Account, c.Fields)
		}
		return nil
	})
	return text
}

// The same messages in random orders, cut into calls at random, leave the same people
// at the same accounts: with the store in memory, and on PostgreSQL.
func TestPeopleAreTheSameInWhateverOrderTheirMessagesCome(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3)) //nolint:gosec // reproducible
		writer := newWorld(t)
		var ms []holdfast.Message
		for range 8 {
			ms = append(ms, said(r, writer))
		}
		if seed%2 == 0 {
			ms = append(ms, writer.isNow("dan", "dana"))
		}
		stores := []store.Store{memory.New(), memory.New(), memory.New(), memory.New()}
		if seed < 6 {
			pg, err := postgres.Open(t.Context(), server.Database(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = pg.Close() })
			stores = append(stores, pg)
		}
		want := ""
		for i, st := range stores {
			w := newWorld(t)
			w.Store = st
			for rest := ms; len(rest) > 0; {
				n := 1 + r.IntN(len(rest))
				if _, err := w.Receive(t.Context(), intake.Call{Messages: rest[:n]}); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			got := w.both()
			if i == 0 {
				want = got
			}
			if got != want {
				t.Fatalf("seed %d, store %d: got\n%swant\n%s", seed, i, got, want)
			}
			r.Shuffle(len(ms), func(i, j int) { ms[i], ms[j] = ms[j], ms[i] })
		}
	}
}
