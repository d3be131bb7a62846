package intake_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/internal/store"
)

// A provider's groups, and we, are told yes and no one by one. Each no stands until it
// is taken back itself, whichever account was theirs when it was said.
func TestANoStandsUntilItIsTakenBackItself(t *testing.T) {
	t.Parallel()
	const (
		one, two     = ` contact.opted_out {"via": "group 1"}`, ` contact.opted_out {"via": "group 2"}`
		yes1, yes2   = ` contact.opted_in {"via": "group 1"}`, ` contact.opted_in {"via": "group 2"}`
		no, yes      = ` contact.opted_out`, ` contact.opted_in`
		leave        = `bolt/dana : {"role": "champion"}`
		email, other = `acme/dana : {"email": "dana@acme.example"}`, `acme/dan : {"email": "dan@acme.example"}`
	)
	for _, c := range []struct {
		name string
		said []string
		want string
	}{
		{"at one account", []string{"acme/dana" + one, "acme/dana" + two, "acme/dana" + yes2}, "opted_out"},
		{"after they left it", []string{"acme/dana" + one, "acme/dana" + two, leave, "bolt/dana" + yes2}, "opted_out"},
		{"by mails of two accounts", []string{"acme/dana" + one, "bolt/dana" + two, "bolt/dana" + yes2}, "opted_out"},
		{"of three accounts", []string{"acme/dana" + two, "bolt/dana" + one, "cord/dana" + yes2}, "opted_out"},
		{"said to us", []string{"acme/dana" + no, leave, "bolt/dana" + two, "bolt/dana" + yes2}, "opted_out"},
		{"all taken back, elsewhere", []string{"acme/dana" + one, "bolt/dana" + two, "cord/dana" + yes2, "cord/dana" + yes1}, ""},
		{"all taken back at once", []string{"acme/dana" + one, "bolt/dana" + two, "cord/dana" + yes}, ""},
		{"a no that is older than its yes", []string{"acme/dana" + yes1, "bolt/dana" + one + " @-9h"}, ""},
		{"another person's", []string{"acme/dana" + two, "acme/eve" + one, "bolt/dana" + yes2}, ""},
		{"of the account's survivor", []string{"acme/dana" + one, "acme/dana" + two, "acme becomes cord", "bolt/dana" + yes2}, "opted_out"},
		{"of another id, at a third account", []string{other, "cord/dan" + one, "acme/dana" + two, "dan is dana", "acme/dana" + yes2}, "opted_out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.live(email)
			for _, said := range c.said {
				w.clock.Move(w.clock.Now().Add(time.Hour))
				switch said {
				case "acme becomes cord":
					w.merge(w.becomes("acme", "cord"))
				case "dan is dana":
					w.merge(w.isNow("dan", "dana"))
				default:
					w.live(said)
				}
			}
			w.view(func(tx store.Tx) error {
				ss, err := tx.Suppressions("dana", "dana@acme.example")
				var got []string
				for _, s := range ss {
					got = append(got, s.Kind)
				}
				if strings.Join(slices.Compact(got), ",") != c.want { // the one of each address
					t.Errorf("suppressed by %q; want %q", got, c.want)
				}
				return err
			})
		})
	}
}
