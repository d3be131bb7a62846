package standin_test

import (
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/channels/email"
	"holdfast/channels/standin"
)

// receiver is our side of the webhooks.
type receiver struct {
	url    string
	mu     sync.Mutex
	fails  int                 // posts that are still refused
	calls  int                 // in all
	unsure int                 // posts that were not signed as they should
	ids    map[string][]string // sg_event_id, by what is told
	kinds  map[string][]string // kinds, by touch, each once
	mails  chan email.Inbound  // that were answered
	key    func() *email.Key   // known once the stand-in runs
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{ids: map[string][]string{}, kinds: map[string][]string{}, mails: make(chan email.Inbound, 8)}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls++
		if !r.key().Verify(body, req.Header.Get(email.SignatureHeader), req.Header.Get(email.TimestampHeader)) {
			r.unsure++
		}
		if r.fails > 0 {
			r.fails--
			r.note(t, body)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if req.URL.Path == "/in" {
			_, params, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
			if err != nil {
				t.Error(err)
			}
			m, err := email.ReadInbound(multipart.NewReader(strings.NewReader(string(body)), params["boundary"]))
			if err != nil {
				t.Error(err)
			}
			r.mails <- m
			return
		}
		r.note(t, body)
		all, err := email.ReadEvents(body)
		if err != nil || all.Malformed+all.Unknown > 0 || !strings.HasSuffix(string(body), "\r\n") {
			t.Errorf("%+v %v of %s", all, err, body)
		}
		for _, s := range all.Sightings {
			if kind := string(s.Kind); !slices.Contains(r.kinds[s.Touch], kind) {
				r.kinds[s.Touch] = append(r.kinds[s.Touch], kind)
			}
		}
	}))
	t.Cleanup(s.Close)
	r.url = s.URL
	return r
}

// note keeps under which ids each event was told.
func (r *receiver) note(t *testing.T, body []byte) {
	var list []map[string]any
	if json.Unmarshal(body, &list) != nil {
		return
	}
	for _, e := range list {
		what, id := e["touch"].(string)+" "+e["event"].(string), e["sg_event_id"].(string)
		r.ids[what] = append(r.ids[what], id)
		if !strings.HasPrefix(e["sg_message_id"].(string), "standin-") {
			t.Errorf("message %v", e["sg_message_id"])
		}
	}
}

func drain(t *testing.T, p *standin.Pair) {
	t.Helper()
	if err := p.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func telling(t *testing.T, r *receiver, w standin.Webhooks) *standin.Pair {
	t.Helper()
	w.Events, w.Inbound, w.Delay = r.url+"/events", r.url+"/in", time.Millisecond
	p := start(t, standin.Options{Webhooks: &w})
	key, err := email.ParseKey(p.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	r.key = func() *email.Key { return key }
	return p
}

func mailTo(touch, address string) string {
	return strings.NewReplacer(`"t1"`, `"`+touch+`"`, "b@y.example", address, `"custom_args"`, `"headers":{"Message-ID":"<`+touch+`@x.example>"},"custom_args"`).Replace(mail)
}

func TestWhatHappensToAMailIsToldSigned(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	p := telling(t, r, standin.Webhooks{Seed: 7, Repeat: 0.5})
	want := map[string][]string{
		"bounce": {"bounced", "processed"}, "blocked": {"blocked", "processed"}, "drop": {"dropped"},
		"spam": {"complained", "delivered", "processed"}, "unsubscribe": {"delivered", "processed", "unsubscribed"},
		"defer": {"deferred", "delivered", "processed"}, "open": {"clicked", "delivered", "machine_opened", "opened", "processed"},
	}
	for kind := range want {
		if status, err := send(t, p, mailTo("t-"+kind, kind+"+1@acme.example")); status != http.StatusAccepted || err != nil {
			t.Fatalf("%d, %v", status, err)
		}
	}
	drain(t, p)
	r.mu.Lock()
	defer r.mu.Unlock()
	for kind, kinds := range want {
		got := r.kinds["t-"+kind]
		slices.Sort(got)
		if diff := cmp.Diff(kinds, got); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
	twice := 0
	for _, ids := range r.ids {
		if len(ids) > 1 {
			twice++
		}
	}
	if r.unsure > 0 || twice == 0 {
		t.Errorf("%d posts not signed, %d events told twice", r.unsure, twice)
	}
}

func TestEventsAreToldUntilTheyAreTaken(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	r.fails = 6
	p := telling(t, r, standin.Webhooks{Seed: 7})
	for _, touch := range []string{"t1", "t2", "t3"} {
		if _, err := send(t, p, mailTo(touch, "dana@acme.example")); err != nil {
			t.Fatal(err)
		}
	}
	drain(t, p)
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := false
	for _, touch := range []string{"t1", "t2", "t3"} {
		if !slices.Contains(r.kinds[touch], string(holdfast.Processed)) || !slices.Contains(r.kinds[touch], string(holdfast.Delivered)) {
			t.Errorf("%s: told %v", touch, r.kinds[touch])
		}
		ids := r.ids[touch+" processed"]
		changed = changed || len(slices.Compact(slices.Clone(ids))) > 1
	}
	if told := p.Told(); told.Failed != 6 || told.GivenUp != 0 || !changed || r.unsure > 0 {
		t.Errorf("%+v, ids changed: %v", told, changed)
	}
}

func TestTheSameSeedTellsTheSame(t *testing.T) {
	t.Parallel()
	tell := func(seed uint64) (string, map[string][]string) {
		r := newReceiver(t)
		p := telling(t, r, standin.Webhooks{Seed: seed})
		for i := range 40 {
			if _, err := send(t, p, mailTo("t"+string(rune('a'+i)), "dana@acme.example")); err != nil {
				t.Fatal(err)
			}
		}
		drain(t, p)
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, kinds := range r.kinds {
			slices.Sort(kinds)
		}
		return p.PublicKey(), r.kinds
	}
	key, kinds := tell(7)
	again, same := tell(7)
	other, differ := tell(8)
	if diff := cmp.Diff(kinds, same); diff != "" || key != again {
		t.Errorf("seed 7 tells two things: %s", diff)
	}
	if key == other || cmp.Equal(kinds, differ) {
		t.Error("seed 8 tells what seed 7 does")
	}
}

func TestACustomerAnswers(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	r.fails = 2
	p := telling(t, r, standin.Webhooks{Seed: 7})
	touch := holdfast.TouchID("e1", "opening", "email", "dana")
	with := strings.Replace(mailTo(touch, "dana@acme.example"), `"subject"`, `"reply_to":{"email":"reply+tok@in.example.com"},"subject"`, 1)
	if _, err := send(t, p, with); err != nil {
		t.Fatal(err)
	}
	drain(t, p)
	for _, a := range []standin.Answer{{Touch: touch, Text: "Grüße"}, {Touch: touch, Text: "Grüße", Raw: true}} {
		if err := p.Reply(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		got := <-r.mails
		if got.Kind != holdfast.Replied || got.From != "dana@acme.example" || got.To[0] != "reply+tok@in.example.com" || got.Text != "Grüße" || got.Touches[0] != touch {
			t.Errorf("%+v", got)
		}
	}
	res, err := http.Post(p.SendGridURL+"/standin/replies", "application/json", strings.NewReader(`{"touch":"`+touch+`","headers":"Auto-Submitted: auto-replied","bare":true}`))
	if err != nil || res.StatusCode != http.StatusNoContent {
		t.Fatalf("%v, %v", res, err)
	}
	_ = res.Body.Close()
	if got := <-r.mails; got.Kind != holdfast.AutoReplied || len(got.Touches) != 0 {
		t.Errorf("%+v", got)
	}
	if err := p.Reply(t.Context(), standin.Answer{Touch: "t9"}); err == nil {
		t.Error("an answer to nothing: no error")
	}
}

func TestAJudgeIsHeard(t *testing.T) {
	t.Parallel()
	p := start(t, standin.Options{Judge: func(r *http.Request) []string {
		body, err := io.ReadAll(r.Body)
		if err != nil || !strings.Contains(string(body), "t1") || r.Method != http.MethodPost {
			return []string{"no t1"}
		}
		return nil
	}})
	for touch, want := range map[string]int{"t1": http.StatusAccepted, "x1": http.StatusBadRequest} {
		if status, err := send(t, p, mailTo(touch, "dana@acme.example")); status != want || err != nil {
			t.Errorf("%s: %d, %v; want %d", touch, status, err, want)
		}
	}
	if diff := cmp.Diff([]string{"no t1"}, p.SendGrid.Findings()); diff != "" {
		t.Error(diff)
	}
}
