package email_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"holdfast"
	"holdfast/channels/standin"
	"holdfast/channels/standin/judge"
)

// described is the judge by the provider's own description, from
// $HOLDFAST_CONFORMANCE.
func described(t *testing.T) func(*http.Request) []string {
	t.Helper()
	dir := os.Getenv("HOLDFAST_CONFORMANCE")
	if dir == "" {
		t.Skip("HOLDFAST_CONFORMANCE names no folder with the provider's description")
	}
	j, err := judge.New(judge.SendGridMail(dir))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestRequestsKeepToSendGridsOwnDescription(t *testing.T) {
	t.Parallel()
	p, err := standin.Start(t.Context(), standin.Options{Judge: described(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	plain, receipt, both := message("t2"), message("t4"), message("t5")
	receipt.Class = "transactional"
	both.ReplyTo, both.ReplyCopy = "", "reply+tok@in.northwind.example"
	plain.HTML, plain.ReplyTo, plain.Headers, plain.From.Name = "", "", nil, ""
	for name, c := range map[string]struct {
		m       holdfast.Outbound
		sandbox bool
	}{
		"whole": {message("t1"), false}, "plain": {plain, false}, "sandbox": {message("t3"), true},
		"receipt": {receipt, true}, "answers to two": {both, false},
	} {
		if _, err := open(t, p.SendGridURL, c.sandbox).Deliver(t.Context(), c.m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if found := p.SendGrid.Findings(); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	if n := p.Counts(); n["t1"] != 1 || n["t2"] != 1 || n["t3"] != 0 || n["t5"] != 1 {
		t.Errorf("accepted %v", n)
	}
}

func TestTheDescriptionSeesWhatIsWrong(t *testing.T) {
	t.Parallel()
	found := described(t)
	const good = `{"from":{"email":"a@b.example"},"subject":"s","personalizations":[{"to":[{"email":"a@b.example"}],"custom_args":{"touch":"t1"}}],` +
		`"content":[{"type":"text/plain","value":"x"}]}`
	for name, c := range map[string]struct {
		body string
		bad  bool
	}{
		"good":                        {good, false},
		"nothing":                     {`{}`, true},
		"no address of the sender":    {strings.Replace(good, `{"email":"a@b.example"},"subject"`, `{"name":"x"},"subject"`, 1), true},
		"nobody to go to":             {strings.Replace(good, `"personalizations":[{"to":[{"email":"a@b.example"}],"custom_args":{"touch":"t1"}}]`, `"personalizations":[]`, 1), true},
		"an empty part":               {strings.Replace(good, `"value":"x"`, `"value":""`, 1), true},
		"a subject that is a number":  {strings.Replace(good, `"subject":"s"`, `"subject":7`, 1), true},
		"a field that nobody knows":   {strings.Replace(good, `"custom_args"`, `"unknown":1,"custom_args"`, 1), true},
		"a sandbox that is no switch": {strings.Replace(good, `"subject"`, `"mail_settings":{"sandbox_mode":{"enable":"yes"}},"subject"`, 1), true},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.sendgrid.com/v3/mail/send", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if found := found(r); (len(found) > 0) != c.bad {
			t.Errorf("%s: found %v", name, found)
		}
	}
}
