package intake_test

import (
	"strings"
	"testing"
	"time"
)

// What is true of an account's objects may change by a message about the account to
// which one of them goes.
func TestAnAccountIsLookedAtWhenAnObjectLeavesIt(t *testing.T) {
	t.Parallel()
	const (
		s0      = `acme Subscription Started {"subscription_id":"s0","seats":1,"renews":"2026-06-01"} @-300h`
		s1      = ` Subscription Started {"subscription_id":"s1","seats":5,"renews":"2026-06-01"}`
		started = "playbook: lost\ntrigger: {when: '"
	)
	for _, c := range []struct {
		name, book string
		said       []string
		want       string // what acme has entered, and how it ends
	}{
		{"a condition on objects", started + "!subscriptions.exists(s, s.seats == 5)'}\n", []string{"bolt" + s1}, "lost -"},
		{"a condition on what they determine", started + "account.seats < 5'}\n", []string{"bolt" + s1}, "lost -"},
		{"another one is there still", started + "!subscriptions.exists(s, s.seats == 1)'}\n", []string{"bolt" + s1}, ""},
		{"an old message starts nothing", started + "!subscriptions.exists(s, s.seats == 5)'}\n", []string{"bolt" + s1 + " @-200h"}, ""},
		{
			"one that stays, since the message is the older", started + "subscriptions.exists(s, s.seats == 7)'}\n",
			[]string{`acme Subscription Ended {"subscription_id":"s2"}`, `bolt Subscription Started {"subscription_id":"s2","seats":7} @-1h`}, "lost -",
		},
		{
			"an exit", "playbook: save\ntrigger: {on: Login}\nexit: [{when: '!subscriptions.exists(s, s.seats == 5)', outcome: gone}]\n",
			[]string{"acme Login", "bolt" + s1}, "save gone",
		},
		{
			"an old message ends", "playbook: save\ntrigger: {on: Login}\nexit: [{when: '!subscriptions.exists(s, s.seats == 5)', outcome: gone}]\n",
			[]string{"acme Login", "bolt" + s1 + " @-200h"}, "save gone",
		},
		{
			"a goal", "playbook: save\ntrigger: {on: Login}\ngoal: {when: '!subscriptions.exists(s, s.seats == 5)', outcome: moved, within: 30d}\n",
			[]string{"acme Login", "bolt" + s1}, "save moved",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.book)
			w.Options.Treated = true
			w.live(`acme = {"name":"Acme"} @-300h`, `bolt = {"name":"Bolt"}`, s0, "acme"+s1+" @-300h")
			w.clock.Move(w.clock.Now().Add(time.Hour))
			w.live(c.said...)
			got := strings.TrimSpace(w.books("acme") + " " + strings.Join(w.exits("acme"), " "))
			if got != c.want {
				t.Errorf("got %q, want %q\n%s", got, c.want, w.story())
			}
		})
	}
}
