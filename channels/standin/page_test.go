package standin_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	slackgo "github.com/slack-go/slack"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"holdfast/channels/standin"
)

// page is a page of the desk, parsed.
type page struct {
	t    *testing.T
	desk *desk
	at   *url.URL
	root *html.Node
	text string // of the whole source
}

func visit(t *testing.T, d *desk, path string) *page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return load(t, d, req)
}

func load(t *testing.T, d *desk, req *http.Request) *page {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Jar: jar}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: got %s, %v: %s", req.URL, res.Status, err, b)
	}
	root, err := html.Parse(strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return &page{t: t, desk: d, at: res.Request.URL, root: root, text: string(b)}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func words(n *html.Node) string {
	var out strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			out.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

// first element that fits, below n.
func first(n *html.Node, fits func(*html.Node) bool) *html.Node {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && fits(d) {
			return d
		}
	}
	return nil
}

func (p *page) has(tag atom.Atom, text string) bool {
	return first(p.root, func(n *html.Node) bool { return n.DataAtom == tag && strings.Contains(words(n), text) }) != nil
}

// press a button that is called so, as a browser does: the whole form goes with
// it, with what was filled in by label.
func (p *page) press(called string, filled map[string]string) *page {
	p.t.Helper()
	button := first(p.root, func(n *html.Node) bool {
		return n.DataAtom == atom.Button && words(n) == called && attribute(n, "tabindex") == ""
	})
	if button == nil {
		p.t.Fatalf("no button %q on:\n%s", called, words(p.root))
	}
	form := button
	for form != nil && form.DataAtom != atom.Form {
		form = form.Parent
	}
	values := url.Values{}
	byID := map[string]string{}
	for label, said := range filled {
		l := first(form, func(n *html.Node) bool { return n.DataAtom == atom.Label && strings.HasPrefix(words(n), label) })
		if l == nil {
			p.t.Fatalf("no label %q on:\n%s", label, words(form))
		}
		byID[attribute(l, "for")] = said
	}
	for n := range form.Descendants() {
		name := attribute(n, "name")
		if n.Type != html.ElementNode || name == "" || n.DataAtom == atom.Button {
			continue
		}
		said, given := byID[attribute(n, "id")]
		switch kind := attribute(n, "type"); {
		case kind == "radio" || kind == "checkbox":
			if given {
				values.Add(name, attribute(n, "value"))
			}
		case given:
			values.Add(name, said)
		case n.DataAtom == atom.Input:
			values.Add(name, attribute(n, "value"))
		case n.DataAtom == atom.Select:
			if chosen := first(n, func(o *html.Node) bool {
				return slices.ContainsFunc(o.Attr, func(a html.Attribute) bool { return a.Key == "selected" })
			}); chosen != nil {
				values.Add(name, attribute(chosen, "value"))
			}
		case n.DataAtom == atom.Textarea:
			values.Add(name, words(n))
		}
	}
	if name := attribute(button, "name"); name != "" {
		values.Add(name, attribute(button, "value"))
	}
	target := attribute(form, "action")
	if other := attribute(button, "formaction"); other != "" {
		target = other
	}
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.desk.url+target, strings.NewReader(values.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", p.desk.url)
	return load(p.t, p.desk, req)
}

func TestAPersonWorksOnThePage(t *testing.T) {
	t.Parallel()
	d, a := newLiveDesk(t)
	sure := slackgo.NewButtonBlockElement("done", "k1", plainText("Done"))
	sure.Confirm = slackgo.NewConfirmationBlockObject(plainText("Is it done?"), plainText("It cannot be undone."), plainText("Yes, done"), plainText("No"))
	channel, ts := d.post(t, "U0JON", say("Call Acme"), slackgo.MsgOptionBlocks(
		slackgo.NewHeaderBlock(plainText("Call Acme")),
		slackgo.NewSectionBlock(slackgo.NewTextBlockObject(slackgo.MarkdownType, "*Due* today", false, true), nil, nil),
		slackgo.NewActionBlock("work", sure, slackgo.NewButtonBlockElement("snooze", "k1", plainText("Snooze"))),
	))
	a.says(func(w http.ResponseWriter, r *http.Request, _ []byte) {
		told := a.told[len(a.told)-1]
		switch {
		case told.Type == slackgo.InteractionTypeViewSubmission && told.View.State.Values["long"]["days"].Value == "7":
			says(slackgo.NewErrorsViewSubmissionResponse(map[string]string{"long": "Not for a week"}))(w, r, nil)
		case told.Type == slackgo.InteractionTypeViewSubmission:
			if _, _, _, err := d.api.UpdateMessage(channel, ts, say("snoozed"), slackgo.MsgOptionBlocks(slackgo.NewHeaderBlock(plainText("Snoozed for "+told.View.State.Values["long"]["days"].Value)))); err != nil {
				t.Error(said(err))
			}
		case told.Type == slackgo.InteractionTypeBlockActions && told.ActionCallback.BlockActions[0].ActionID == "snooze":
			if _, err := d.api.OpenView(told.TriggerID, modal("reason")); err != nil {
				t.Error(said(err))
			}
		}
	})
	p := visit(t, d, "/?as=U0JON")
	if !p.has(atom.H3, "Call Acme") || !p.has(atom.B, "Due") {
		t.Fatalf("got %s", words(p.root))
	}
	p = p.press("Done", nil)
	if !p.has(atom.H1, "Is it done?") || len(a.told) != 0 {
		t.Errorf("before a yes the app was told %d things; the page: %s", len(a.told), words(p.root))
	}
	p = p.press("Yes, done", nil)
	if got := a.asked(); got.ActionCallback.BlockActions[0].Value != "k1" || got.User.ID != "U0JON" {
		t.Errorf("got %+v", got.ActionCallback)
	}
	p = p.press("Snooze", nil)
	if !p.has(atom.H2, "Snooze") || strings.Contains(p.text, `http-equiv="refresh"`) {
		t.Fatalf("no form is open, or the page would renew itself under it: %s", words(p.root))
	}
	p = p.press("Save", map[string]string{"Why": "away"})
	if !p.has(atom.P, "Please complete this required field.") {
		t.Errorf("no word of the missing number: %s", words(p.root))
	}
	p = p.press("Save", map[string]string{"Days": "7"})
	if !p.has(atom.P, "Not for a week") {
		t.Errorf("no word of the app's refusal: %s", words(p.root))
	}
	p = p.press("Save", map[string]string{"Days": "3"})
	if got := a.asked().View.State.Values; got["reasons"]["why"].SelectedOption.Value != "away" {
		t.Errorf("what was filled in before was forgotten: %+v", got)
	}
	if !p.has(atom.H3, "Snoozed for 3") || !p.has(atom.Summary, "Earlier versions: 1") || p.has(atom.H2, "Snooze") {
		t.Errorf("after the form: %s", words(p.root))
	}
	if old := first(p.root, func(n *html.Node) bool { return n.DataAtom == atom.Fieldset }); old == nil || !strings.Contains(words(old), "Call Acme") {
		t.Error("the earlier version is not there, or can be clicked")
	}
}

func TestThePageShowsEveryElementAndSendsWhatWasChosen(t *testing.T) {
	t.Parallel()
	d, a := newLiveDesk(t)
	channel, _ := d.post(t, "C1", say("x"), blocksOf(t, `[
	  {"type":"section","block_id":"s","text":{"type":"mrkdwn","text":"Who"},"accessory":{"type":"users_select","action_id":"owner","placeholder":{"type":"plain_text","text":"Owner"}}},
	  {"type":"section","fields":[{"type":"mrkdwn","text":"*ARR* 50k"},{"type":"plain_text","text":"*not bold*"}]},
	  {"type":"context","elements":[{"type":"mrkdwn","text":"in the margin"}]}, {"type":"divider"},
	  {"type":"actions","block_id":"a","elements":[{"type":"datepicker","action_id":"when","initial_date":"2026-06-03"}]},
	  {"type":"input","block_id":"c","label":{"type":"plain_text","text":"Boxes"},"element":{"type":"checkboxes","action_id":"boxes","options":[{"text":{"type":"plain_text","text":"First"},"value":"1"},{"text":{"type":"plain_text","text":"Second"},"value":"2"}]}},
	  {"type":"input","block_id":"r","label":{"type":"plain_text","text":"Ring"},"element":{"type":"radio_buttons","action_id":"ring","options":[{"text":{"type":"plain_text","text":"Gold"},"value":"g"}]}},
	  {"type":"input","block_id":"t","label":{"type":"plain_text","text":"Draft"},"element":{"type":"plain_text_input","action_id":"draft","multiline":true,"initial_value":"Dear Dana"}}
	]`))
	p := visit(t, d, "/?as=U0MIRA&room="+channel)
	for tag, text := range map[atom.Atom]string{atom.Option: "Jon Castell", atom.B: "ARR", atom.Hr: "", atom.Legend: "Boxes", atom.Textarea: "Dear Dana", atom.Label: "Gold"} {
		if !p.has(tag, text) {
			t.Errorf("no %s with %q", tag, text)
		}
	}
	if !strings.Contains(p.text, "*not bold*") {
		t.Error("plain text was marked up")
	}
	owner := first(p.root, func(n *html.Node) bool { return n.DataAtom == atom.Select })
	if attribute(owner, "aria-label") != "Owner" {
		t.Error("the select of people has no label")
	}
	p.press("Choose", map[string]string{"Second": "", "Gold": "", "Draft": "Dear Sam"})
	got := a.asked()
	state := got.BlockActionState.Values
	if got.ActionCallback.BlockActions[0].ActionID != "owner" || state["a"]["when"].SelectedDate != "2026-06-03" ||
		len(state["c"]["boxes"].SelectedOptions) != 1 || state["c"]["boxes"].SelectedOptions[0].Value != "2" ||
		state["r"]["ring"].SelectedOption.Value != "g" || state["t"]["draft"].Value != "Dear Sam" {
		t.Errorf("got %+v with %+v", got.ActionCallback.BlockActions[0], state)
	}
}

func TestACommandAndTheHomeTabOnThePage(t *testing.T) {
	t.Parallel()
	d, a := newLiveDesk(t)
	d.post(t, "#cs", say("hello <@U0JON>"))
	a.says(func(w http.ResponseWriter, r *http.Request, _ []byte) {
		if r.URL.Path == "/commands" {
			_, _ = io.WriteString(w, "you have *three* tasks")
			return
		}
		view := slackgo.HomeTabViewRequest{Type: slackgo.VTHomeTab, Blocks: slackgo.Blocks{BlockSet: []slackgo.Block{slackgo.NewHeaderBlock(plainText("My work")), buttons("done")}}}
		if _, err := d.api.PublishView("U0MIRA", view, ""); err != nil {
			t.Error(said(err))
		}
	})
	p := visit(t, d, "/")
	if !p.has(atom.Span, "@Jon Castell") || !p.has(atom.H1, "#cs as Mira Halloran") {
		t.Errorf("got %s", words(p.root))
	}
	p = p.press("Send", map[string]string{"/holdfast": "tasks"})
	if !p.has(atom.Article, "Only visible to you") || !p.has(atom.B, "three") {
		t.Errorf("got %s", words(p.root))
	}
	if other := visit(t, d, "/?as=U0JON&room="+p.at.Query().Get("room")); other.has(atom.B, "three") {
		t.Error("another person reads what only Mira may")
	}
	p = p.press("App Home", nil)
	if !p.has(atom.H3, "My work") {
		t.Errorf("got %s", words(p.root))
	}
	a.says(func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(http.StatusInternalServerError) })
	p = p.press("DONE", nil)
	if got := a.asked(); got.Container.Type != "view" || !p.has(atom.H1, "App Home") || !p.has(atom.P, "http_service_error") {
		t.Errorf("got %+v and %s", got.Container, words(p.root))
	}
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	d := newDesk(t, standin.SlackOptions{Users: []standin.User{{ID: "U0X", Name: `<script>alert(1)</script>`}}})
	bad := `</div><script>alert(1)</script>"'><img src=x onerror=alert(1)>`
	d.post(t, "U0X", say(bad))
	d.post(t, "U0X", say("`"+bad+"` ```"+bad+"``` *"+bad+"* > "+bad+" <javascript:alert(1)|click> <data:text/html,x|y> <https://x.example/\"onmouseover=alert(1)|z> <!date^1^{date}\"><b>|<script>> \ue000\ue001"))
	d.post(t, "U0X", say("x"), slackgo.MsgOptionBlocks(
		slackgo.NewHeaderBlock(plainText(bad)), slackgo.NewContextBlock("", plainText(bad)),
		slackgo.NewSectionBlock(slackgo.NewTextBlockObject(slackgo.MarkdownType, bad, false, false), nil, nil),
		slackgo.NewActionBlock(bad, slackgo.NewButtonBlockElement(bad, bad, plainText(bad))),
	))
	p := visit(t, d, "/?as=U0X&room="+url.QueryEscape(bad))
	for n := range p.root.Descendants() {
		if n.DataAtom == atom.Script || n.DataAtom == atom.Img {
			t.Errorf("a <%s> is on the page", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || (a.Key == "href" && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "https://x.example/")) {
				t.Errorf("<%s %s=%q> is on the page", n.Data, a.Key, a.Val)
			}
		}
	}
}

func TestThePageAnswersItselfOnly(t *testing.T) {
	t.Parallel()
	d, a := newLiveDesk(t)
	channel, ts := d.post(t, "C1", say("x"), slackgo.MsgOptionBlocks(buttons("done")))
	form := url.Values{"as": {"U0JON"}, "channel": {channel}, "ts": {ts}, "do": {"work/done"}}.Encode()
	for name, spoil := range map[string]func(*http.Request){
		"another site's form": func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"a sandboxed frame":   func(r *http.Request) { r.Header.Set("Origin", "null") },
		"as browsers say it":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a rebound name":      func(r *http.Request) { r.Host = "evil.example" },
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.url+"/act", strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		spoil(req)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: got %s, want 403", name, res.Status)
		}
	}
	if len(a.told) != 0 {
		t.Errorf("the app was told %d things", len(a.told))
	}
	res, err := http.Get(d.url)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if csp := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "script") {
		t.Errorf("got policy %q", csp)
	}
}
