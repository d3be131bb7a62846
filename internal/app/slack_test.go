package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/channels/standin"
	"holdfast/internal/clock"
	"holdfast/internal/config"
	"holdfast/internal/store"
)

func TestPeopleWorkInSlack(t *testing.T) {
	t.Parallel()
	w := newSlackWorld(t, config.Environment{})
	w.walk()
	card := w.last("U00000SAM")
	contains(t, "the card", card.Blocks, "Call Dana of Acme", "Acme \\u0026lt;!channel\\u0026gt; \\u0026amp; Co", "check", "Sam Sample", "Why: Support Ticket Opened", "Talk to *Dana*", "holdfast_done")

	// A form with a mistake stays; a right one closes the task, and the card says so.
	w.click("U00000SAM", card, "holdfast_done")
	form := w.slack.Slack.Modals("U00000SAM")[0]
	if form.PrivateMetadata == "" || strings.Contains(form.PrivateMetadata, "Dana") {
		t.Errorf("the form knows %q", form.PrivateMetadata)
	}
	w.submit("U00000SAM", standin.Values{"q_interest/answer": {"1"}, "q_seats/answer": {"12"}, "q_notes/answer": {"Dana is cross"}})
	if open := w.slack.Slack.Modals("U00000SAM"); len(open) != 0 {
		t.Errorf("the form is still there: %+v", open)
	}
	again := w.slack.Slack
	sent := w.click("U00000SAM", card, "holdfast_done") // the card is not redrawn yet
	for _, how := range []standin.Signing{standin.Replayed, standin.Signed} {
		if got, err := again.Again(t.Context(), sent, how); err != nil || got.Status != 200 {
			t.Errorf("a click that comes again: %v, %d", err, got.Status)
		}
	}
	for how, want := range map[standin.Signing]int{standin.Unsigned: 401, standin.WrongSecret: 401, standin.Stale: 401} {
		if got, err := again.Again(t.Context(), sent, how); err != nil || got.Status != want {
			t.Errorf("signing %v: %v, %d, want %d", how, err, got.Status, want)
		}
	}
	if got := w.whispers("U00000SAM", "U00000SAM"); len(got) != 3 || !strings.Contains(got[0], "*Done* by Sam Sample on") {
		t.Errorf("whispered %q", got)
	}
	w.walk()
	for _, m := range w.slack.Slack.Messages("U00000SAM") {
		if m.TS == card.TS {
			contains(t, "the closed card", m.Blocks, "*Done* by Sam Sample")
			if m.Versions == 0 || strings.Contains(string(m.Blocks), `"actions"`) {
				t.Errorf("the closed card has %d versions: %s", m.Versions, m.Blocks)
			}
		}
	}

	// The requester's manager says yes to the amount that was asked.
	ask := w.last("U00000LEA")
	contains(t, "the request", ask.Blocks, "*Amount*\\n12 %", "*In exchange*\\na two-year contract", "*Asked by*\\nSam Sample", "holdfast_approve", "holdfast_deny")
	if strings.Contains(string(ask.Blocks), "Amount: 12") {
		t.Errorf("the request says its facts twice: %s", ask.Blocks)
	}
	w.click("U00000LEA", ask, "holdfast_approve")
	w.submit("U00000LEA", standin.Values{"note/answer": {"once"}})
	w.walk()
	approved := w.last("U00000LEA")
	contains(t, "the granted request", approved.Blocks, "*Approved* by Lea Lead", "once")

	// The draft is edited, and goes as it was written.
	draft := w.last("U00000SAM")
	contains(t, "the draft", draft.Blocks, "*Subject* Hello Dana", "Dear Dana", "holdfast_edit")
	w.click("U00000SAM", draft, "holdfast_edit")
	edit := w.slack.Slack.Modals("U00000SAM")
	contains(t, "the form", edit[0].Blocks, `"initial_value":"Hello Dana"`, `"initial_value":"Dear Dana, all is well."`)
	w.submit("U00000SAM", standin.Values{"subject/answer": {"Good morning"}, "body/answer": {"Dear **Dana**, it is mended."}})
	w.walk()
	if diff := cmp.Diff([]string{"Good morning"}, subjectsOf(t, w.a, "acme")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"call done sam", "concession done lea", "hello done sam"}, w.tasks()); diff != "" || !w.run.Over {
		t.Errorf("over %v: %s", w.run.Over, diff)
	}
	for _, name := range []string{"dana", "doe", "acme.example", "sample", "mended"} {
		if strings.Contains(strings.ToLower(w.log.String()), name) {
			t.Errorf("%q is in the log:\n%s", name, w.log)
		}
	}
}

func TestSlackIsHeldToAuthority(t *testing.T) {
	t.Parallel()
	w := newSlackWorld(t, config.Environment{})
	w.walk()
	card := w.last("U00000SAM")
	w.click("U00000SAM", card, "holdfast_done")
	w.submit("U00000SAM", standin.Values{"q_interest/answer": {"0"}})
	w.walk()
	id := ""
	w.read(func(tx store.Tx) error {
		all, err := tx.Tasks("acme", "lea", "open", 0)
		id = all[0].ID
		return err
	})
	// Sam forges nothing: a form for Lea's request that Sam sends is refused by the request itself.
	err := w.a.Activities.CloseTask(t.Context(), id, "done", "sam", nil, w.a.Clock.Now())
	if holdfast.CodeOf(err) != holdfast.Unauthorized {
		t.Errorf("sam approves: %v", err)
	}
	ask := w.last("U00000LEA")
	w.click("U00000LEA", ask, "holdfast_deny")
	w.submit("U00000LEA", standin.Values{"reason/answer": {"too much"}})
	w.redraw()
	contains(t, "the denied request", w.last("U00000LEA").Blocks, "*Denied* by Lea Lead", "too much")
}

func TestTheHomeTabAndTheCommandAreTheirOwn(t *testing.T) {
	t.Parallel()
	w := newSlackWorld(t, config.Environment{})
	w.walk()
	if _, err := w.slack.Slack.Home(t.Context(), "U00000SAM"); err != nil {
		t.Fatal(err)
	}
	w.a.WaitForSlack()
	home := w.slack.Slack.HomeOf("U00000SAM")
	contains(t, "the home tab", home.Blocks, "1 task open", "Call Dana of Acme", "holdfast_done")
	if _, err := w.slack.Slack.Challenge(t.Context()); err != nil {
		t.Error(err)
	}
	sent, err := w.slack.Slack.Click(t.Context(), standin.Act{User: "U00000SAM", View: home.ID, Action: "holdfast_cannot"})
	if err != nil || sent.Problem != "" {
		t.Fatal(err, sent.Problem)
	}
	w.a.WaitForSlack()
	if open := w.slack.Slack.Modals("U00000SAM"); len(open) != 1 {
		t.Errorf("%d forms are open", len(open))
	}
	sent, err = w.slack.Slack.Command(t.Context(), "U00000LEA", "#cs", "account acme")
	if err != nil || sent.Problem != "" {
		t.Fatal(err, sent.Problem)
	}
	contains(t, "the answer", sent.Answer, "check", "Call Dana of Acme", "Acme \\u0026lt;!channel")
	sent, err = w.slack.Slack.Command(t.Context(), "U000GUEST", "#cs", "")
	if err != nil {
		t.Fatal(err)
	}
	contains(t, "the answer to a guest", sent.Answer, "not in this project")
}

// TestALostCardIsFoundNotRepeated: Slack took the card in, and its answer was lost.
func TestALostCardIsFoundNotRepeated(t *testing.T) {
	t.Parallel()
	w := newSlackWorld(t, config.Environment{})
	w.slack.Slack.Plan.Queue(standin.ResetAfter)
	w.walk()
	if n := len(w.slack.Slack.Messages("U00000SAM")); n != 1 {
		t.Fatalf("%d cards", n)
	}
	w.a.Clock.(*clock.Virtual).Move(w.a.Clock.Now().Add(2 * time.Minute))
	w.walk()
	if n := len(w.slack.Slack.Messages("U00000SAM")); n != 1 {
		t.Errorf("%d cards, want the one that is there", n)
	}
	w.read(func(tx store.Tx) error {
		all, err := tx.TouchesOf(w.e.ID)
		for _, h := range all {
			if h.Channel == "slack" && (h.State != holdfast.Sent || !strings.HasSuffix(h.ProviderID, "/"+w.last("U00000SAM").TS)) {
				t.Errorf("the card is %s at %q", h.State, h.ProviderID)
			}
		}
		return err
	})
}

// TestSocketModeBringsTheSame: no address of ours, and everything else as before.
func TestSocketModeBringsTheSame(t *testing.T) {
	t.Parallel()
	w := newSlackWorld(t, config.Environment{SlackAppToken: "xapp-a-token"})
	if err := w.slack.Slack.PointAt(""); err != nil {
		t.Fatal(err)
	}
	w.walk()
	w.a.StartSlack(t.Context())
	w.until("a socket is open", func() bool { return w.slack.Slack.Sockets() == 1 })
	card := w.last("U00000SAM")
	w.click("U00000SAM", card, "holdfast_done")
	w.until("the form is open", func() bool { return len(w.slack.Slack.Modals("U00000SAM")) == 1 })
	w.slack.Slack.Disconnect("refresh_requested")
	w.until("it is connected again", func() bool { return w.slack.Slack.Sockets() == 1 })
	w.submit("U00000SAM", standin.Values{"q_interest/answer": {"2"}})
	w.until("the card is redrawn by itself", func() bool { return w.last("U00000SAM").Versions == 1 })
	contains(t, "the closed card", w.last("U00000SAM").Blocks, "*Done* by Sam Sample")
	sent, err := w.slack.Slack.Command(t.Context(), "U00000SAM", "#cs", "help")
	if err != nil || sent.Problem != "" {
		t.Fatal(err, sent.Problem)
	}
	contains(t, "the answer", sent.Answer, "/holdfast account ID")
}
