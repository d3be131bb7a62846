package preferences_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/links"
	"holdfast/internal/server/preferences"
	"holdfast/internal/source"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/playbooks"
	"holdfast/rules"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// world is the page over the real intake, with one mail that went to Dana.
type world struct {
	t     *testing.T
	store store.Store
	clock *clock.Virtual
	keys  links.Keys
	door  *preferences.Door
	log   bytes.Buffer
	token string
	pokes int
}

func newWorld(t *testing.T, locale string) *world {
	t.Helper()
	docs, found := source.Parse("rules.yaml", []byte("schema: account\nfields: {name: {type: string}}\n"))
	if len(found) > 0 {
		t.Fatal(found)
	}
	set, found := rules.Load(docs)
	if len(found) > 0 {
		t.Fatal(found)
	}
	w := &world{t: t, store: memory.New(), clock: clock.NewVirtual(monday), keys: links.Keys{[]byte("new"), []byte("old")}}
	t.Cleanup(func() { _ = w.store.Close() })
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	in := &intake.Intake{
		Store: w.store, Clock: w.clock, Log: log, Rules: func() *rules.Set { return set }, Poke: func() {},
		Playbooks: func() []*playbooks.Playbook { return nil },
	}
	w.door = &preferences.Door{
		Store: w.store, Clock: w.clock, Keys: w.keys, Emit: in.Emit, Poke: func() { w.pokes++ }, Log: log,
		Project: func() (string, string) { return "Northwind <b>& Co", "pt-BR" },
	}
	w.token = links.Keys{[]byte("old")}.Token(links.Unsubscribe, w.touch("hello", "email", "dana"))
	w.address("dana@acme.example", locale)
	return w
}

// touch puts one into the ledger.
func (w *world) touch(path, channel, contact string) string {
	w.t.Helper()
	row := store.Touch{
		ID: holdfast.TouchID("e1", path, channel, contact), Enrollment: "e1", Account: "acme", Contact: contact, Playbook: "nudge", Step: path, Path: path,
		Channel: channel, Recipient: contact, State: holdfast.Sent, ClaimedAt: monday,
	}
	w.update(func(tx store.Tx) error { return tx.PutTouch(row) })
	return row.ID
}

func (w *world) address(email, locale string) {
	w.t.Helper()
	c := store.Contact{ID: "dana", Account: "acme", Fields: map[string]store.Field{"email": {Value: email, At: monday}}}
	if locale != "" {
		c.Fields["locale"] = store.Field{Value: locale, At: monday}
	}
	w.update(func(tx store.Tx) error { return tx.PutContact(c) })
}

func (w *world) update(fn func(store.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// call is one request to the page; body "" with a POST is an empty form.
func (w *world) call(method, token, contentType, body string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, "/u/"+token, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	out := httptest.NewRecorder()
	w.door.Handler().ServeHTTP(out, r)
	return out
}

const form = "application/x-www-form-urlencoded"

func (w *world) choose(choice string) *httptest.ResponseRecorder {
	return w.call(http.MethodPost, w.token, form, "choice="+choice)
}

// state is what the store holds about Dana and an address: suppressions, lines, events.
func (w *world) state(address string) string {
	w.t.Helper()
	var out []string
	err := w.store.View(w.t.Context(), func(tx store.Tx) error {
		ss, err := tx.Suppressions("dana", address)
		if err != nil {
			return err
		}
		for _, s := range ss {
			word := s.Kind + "(" + s.Contact + " " + s.Address + ")"
			if !s.Until.IsZero() {
				word += s.Until.Format(" until 2006-01-02")
			}
			out = append(out, word)
		}
		lines, err := tx.Lines(0, 0)
		if err != nil {
			return err
		}
		for _, l := range lines {
			out = append(out, l.Kind+" "+l.Outcome)
		}
		events, err := tx.Events("acme", nil, time.Time{}, time.Time{}, 0)
		for _, e := range events {
			out = append(out, e.Event+" "+e.Contact)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(out, "; ")
}

const gone = "opted_out(dana dana@acme.example); preference opted_out; contact.opted_out dana"

func multi(t *testing.T, field, value string) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	if err := m.WriteField(field, value); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return m.FormDataContentType(), b.String()
}

func TestOneClickOptsOutAtOnce(t *testing.T) {
	t.Parallel()
	multiType, multiBody := multi(t, "List-Unsubscribe", "One-Click")
	for name, c := range map[string][2]string{
		"as a form": {form, "List-Unsubscribe=One-Click"}, "in parts": {multiType, multiBody}, "of no type": {"", "List-Unsubscribe=One-Click"},
	} {
		w := newWorld(t, "")
		for range 3 { // mail clients repeat
			res := w.call(http.MethodPost, w.token, c[0], c[1])
			if res.Code != http.StatusOK || res.Header().Get("Location") != "" || res.Header().Get("Set-Cookie") != "" {
				t.Errorf("%s: got %d %v, want 200 and no more", name, res.Code, res.Header())
			}
		}
		if got := w.state("dana@acme.example"); got != gone {
			t.Errorf("%s: the store holds %s, want %s", name, got, gone)
		}
	}
}

func TestReadingChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete} {
		w.call(method, w.token, form, "List-Unsubscribe=One-Click&choice=stop")
		w.call(method, w.token+"?List-Unsubscribe=One-Click&choice=stop", "", "")
	}
	for _, body := range []string{"", "choice=everything", "List-Unsubscribe=yes", "x=" + strings.Repeat("y", 1<<20)} {
		if res := w.call(http.MethodPost, w.token+"?choice=stop&List-Unsubscribe=One-Click", form, body); res.Code != http.StatusBadRequest {
			t.Errorf("a post of %.20q: got %d, want 400", body, res.Code)
		}
	}
	if got := w.state("dana@acme.example"); got != "" || w.pokes > 0 {
		t.Errorf("the store holds %s", got)
	}
}

func TestAChoiceHoldsUntilTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	const who = "(dana dana@acme.example)"
	for _, c := range []struct{ choice, want string }{
		{"receive", ""},
		{"pause", "paused" + who + " until 2026-06-02"},
		{"pause", "paused" + who + " until 2026-06-02"}, // it counts from the first
		{"stop", "opted_out" + who},
		{"pause", "paused" + who + " until 2026-06-05"},
		{"receive", ""},
		{"stop", "opted_out" + who},
	} {
		w.clock.Move(w.clock.Now().Add(24 * time.Hour))
		if res := w.choose(c.choice); res.Code != http.StatusOK {
			t.Fatalf("%s: got %d", c.choice, res.Code)
		}
		got, _, _ := strings.Cut(w.state("dana@acme.example"), "preference")
		if got = strings.TrimSuffix(got, "; "); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: got %q, want %q", c.choice, got, c.want)
		}
	}
}

func TestAPauseEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.choose("pause")
	if got := w.call(http.MethodGet, w.token, "", "").Body.String(); !strings.Contains(got, "2026-05-31") {
		t.Errorf("the page does not say until when:\n%s", got)
	}
	w.clock.Move(monday.AddDate(0, 0, 90))
	if got := w.call(http.MethodGet, w.token, "", "").Body.String(); strings.Contains(got, "2026-05-31") || strings.Contains(got, `value="receive"`) {
		t.Errorf("the pause is over, and the page says:\n%s", got)
	}
}

func TestALinkOutlivesAnAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.choose("stop")
	w.address("dana@new.example", "")
	w.clock.Move(monday.AddDate(2, 0, 0)) // a link works for more than a year
	if res := w.choose("stop"); res.Code != http.StatusOK {
		t.Errorf("got %d", res.Code)
	}
	for _, address := range []string{"dana@acme.example", "dana@new.example"} {
		if got := w.state(address); !strings.Contains(got, "(dana "+address+")") {
			t.Errorf("%s may be written to: %s", address, got)
		}
	}
}

func TestAPersonWhoIsGoneHasASay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	token := w.keys.Token(links.Unsubscribe, w.touch("hello", "email", "eve"))
	if res := w.call(http.MethodPost, token, form, "List-Unsubscribe=One-Click"); res.Code != http.StatusOK {
		t.Errorf("got %d", res.Code)
	}
	err := w.store.View(t.Context(), func(tx store.Tx) error {
		ss, err := tx.Suppressions("eve", "")
		if len(ss) != 1 {
			t.Errorf("got %+v", ss)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAStrangersLinkIsAnsweredLikeOneThatHasGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	var pages []string
	for name, token := range map[string]string{
		"forged": strings.Repeat("a", 52), "short": "x", "hostile": "%3Cscript%3E", "another purpose": w.keys.Token(links.Reply, holdfast.TouchID("e1", "hello", "email", "dana")),
		"no such touch":    w.keys.Token(links.Unsubscribe, holdfast.TouchID("e1", "test", "email", "dana")),
		"of our own":       w.keys.Token(links.Unsubscribe, w.touch("note", "slack", "")),
		"a key we do know": links.Keys{[]byte("gone")}.Token(links.Unsubscribe, holdfast.TouchID("e1", "hello", "email", "dana")),
	} {
		read := w.call(http.MethodGet, token, "", "")
		post := w.call(http.MethodPost, token, form, "List-Unsubscribe=One-Click")
		if read.Code != http.StatusNotFound || post.Code != http.StatusNotFound {
			t.Errorf("%s: got %d and %d, want 404", name, read.Code, post.Code)
		}
		pages = append(pages, read.Body.String(), post.Body.String())
		if diff := fmt.Sprint(read.Header()) != fmt.Sprint(post.Header()); diff {
			t.Errorf("%s: headers differ", name)
		}
	}
	for _, p := range pages {
		if p != pages[0] || strings.Contains(p, "script>") || !strings.Contains(p, "<main>") {
			t.Errorf("the pages differ:\n%s", p)
		}
	}
	if got := w.state("dana@acme.example"); got != "" {
		t.Errorf("the store holds %s", got)
	}
}

func TestNobodysAddressOrTokenIsLogged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.choose("stop")
	w.call(http.MethodPost, strings.Repeat("b", 52), form, "choice=stop")
	w.door.Emit = func(store.Tx, holdfast.Message) error { return io.ErrUnexpectedEOF }
	if res := w.choose("receive"); res.Code != http.StatusInternalServerError || strings.Contains(res.Body.String(), "EOF") {
		t.Errorf("got %d %s", res.Code, res.Body)
	}
	if got := w.state("dana@acme.example"); got != gone {
		t.Errorf("a choice that was not kept left %s", got)
	}
	got := w.log.String()
	for _, secret := range []string{w.token, "acme.example", "dana", "bbbb"} {
		if strings.Contains(got, secret) {
			t.Errorf("the log holds %q:\n%s", secret, got)
		}
	}
	if !strings.Contains(got, "choice=stop") {
		t.Errorf("the log does not tell of the choice:\n%s", got)
	}
}

func TestManyClicksAtOnceAreOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.door.Log, w.door.Poke = slog.New(slog.DiscardHandler), func() {}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			r := httptest.NewRequest(http.MethodPost, "/u/"+w.token, strings.NewReader("List-Unsubscribe=One-Click"))
			r.Header.Set("Content-Type", form)
			w.door.Handler().ServeHTTP(httptest.NewRecorder(), r)
		})
	}
	all.Wait()
	if got := w.state("dana@acme.example"); got != gone {
		t.Errorf("the store holds %s, want %s", got, gone)
	}
}
