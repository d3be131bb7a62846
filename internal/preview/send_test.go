package preview_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/preview"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
)

// post keeps what it delivers.
type post struct {
	abroad bool
	sent   []holdfast.Outbound
}

func (*post) Name() string     { return "email" }
func (p *post) Loopback() bool { return !p.abroad }
func (p *post) Deliver(_ context.Context, m holdfast.Outbound) (holdfast.Receipt, error) {
	p.sent = append(p.sent, m)
	return holdfast.Receipt{ProviderID: "x"}, nil
}

func mail() preview.Mail {
	return preview.Mail{Outbound: holdfast.Outbound{
		Touch: "t", Account: "acme", Contact: "dana", Enrollment: "e", Subject: "Hello Dana", Text: "Hi", HTML: "<p>Hi",
		To: holdfast.Address{ID: "dana", Name: "Dana", Email: "dana@acme.example"}, From: holdfast.Address{Email: "us@ours.example"},
	}}
}

func TestATestIsMarkedAndTellsTheProviderOfNobody(t *testing.T) {
	t.Parallel()
	for redirect, want := range map[string]string{"": "me@ours.example [test] Hello Dana", "stage@ours.example": "stage@ours.example [test] [for me@ours.example] Hello Dana"} {
		way := &post{}
		_, _, err := preview.Test{To: "me@ours.example", Way: way, RedirectAllTo: redirect}.Send(t.Context(), mail())
		if err != nil || len(way.sent) != 1 {
			t.Fatalf("%d went, %v", len(way.sent), err)
		}
		got := way.sent[0]
		if s := got.To.Email + " " + got.Subject; s != want || got.To.Name != "" || got.Account+got.Contact+got.Enrollment != "" || got.Touch != "t" {
			t.Errorf("got %s %+v, want %s", s, got, want)
		}
	}
	holed, stopped := mail(), mail()
	holed.Holes = []preview.Hole{{File: "templates/x.md", Line: 3, Variable: "event.plan"}}
	stopped.Stopped = "max"
	for want, m := range map[string]preview.Mail{"templates/x.md:3: no value for event.plan": holed, "sending is stopped, by max": stopped} {
		way := &post{}
		_, _, err := preview.Test{To: "me@ours.example", Way: way}.Send(t.Context(), m)
		if err == nil || !strings.Contains(err.Error(), want) || len(way.sent) > 0 {
			t.Errorf("got %v, %d went; want %s", err, len(way.sent), want)
		}
	}
}

func TestWhomATestMayReach(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	st := memory.New()
	defer st.Close() //nolint:errcheck // it is memory
	err := st.Update(t.Context(), func(tx store.Tx) error {
		for _, err := range []error{
			tx.PutAccount(store.Account{ID: "acme", Known: true}),
			tx.PutContact(store.Contact{ID: "dana", Account: "acme", Fields: map[string]store.Field{"email": {Value: " Dana@acme.example ", At: at}}}),
			tx.Suppress(store.Suppression{Address: "old@ours.example", Kind: "bounced", At: at}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		to    string
		force bool
		want  string // of the error; "" is none
	}{
		{"me@ours.example", false, ""},
		{"dana@ACME.example", false, "the address of contact dana"},
		{"dana@acme.example", true, ""},
		{"Old@ours.example", true, "must not be written to: bounced"},
		{"me", false, "no address"},
		{"Me <me@ours.example>", false, "no address"},
		{"a@b.example, c@d.example", false, "no address"},
	} {
		err := preview.Test{To: c.to, Force: c.force, Way: &post{}}.May(t.Context(), st)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.to, err, c.want)
		}
	}
	if err := st.Update(t.Context(), func(tx store.Tx) error { return tx.MetaSet("virtual_now", at.Format(time.RFC3339)) }); err != nil {
		t.Fatal(err)
	}
	for abroad, want := range map[bool]bool{true: true, false: false} {
		if err := (preview.Test{To: "me@ours.example", Way: &post{abroad: abroad}}).May(t.Context(), st); (err != nil) != want {
			t.Errorf("a compressed clock, abroad %v: got %v", abroad, err)
		}
	}
}
