package standin

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"holdfast/internal/clock"
)

// Answer is a mail that answers a touch. Empty fields are what its recipient
// would write.
type Answer struct {
	Touch   string `json:"touch"`
	From    string `json:"from"`    // "": whom the touch was sent to
	To      string `json:"to"`      // "": its reply address
	Subject string `json:"subject"` // "": Re: and its subject
	Text    string `json:"text"`
	Headers string `json:"headers"` // more lines, such as Auto-Submitted: auto-replied
	ID      string `json:"id"`      // Message-ID; "": one for each answer
	Bare    bool   `json:"bare"`    // without In-Reply-To and References
	Raw     bool   `json:"raw"`     // posted as a whole mail, not as parsed fields
}

// mailed is what an answer needs of a mail that was accepted.
type mailed struct{ to, replyTo, subject, id string }

// remember keeps what answers need.
func (p *Provider) remember(m sendGridMail) {
	to := m.Personalizations[0]
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mails == nil {
		p.mails = map[string]mailed{}
	}
	p.mails[to.CustomArgs["touch"]] = mailed{
		to: to.To[0]["email"], replyTo: cmp.Or(m.ReplyTo["email"], m.From["email"]), subject: cmp.Or(to.Subject, m.Subject), id: to.Headers["Message-ID"],
	}
}

// Reply posts an answer to where Inbound Parse posts, and tries again, as SendGrid
// does, until it is taken, ctx ends, or it was tried for as long as events are. A
// 4xx ends it at once.
func (p *Pair) Reply(ctx context.Context, a Answer) error { return p.SendGrid.reply(ctx, a) }

func (p *Provider) reply(ctx context.Context, a Answer) error {
	if p.teller == nil || p.teller.Inbound == "" {
		return errors.New("the stand-in has no address to post replies to")
	}
	p.mu.Lock()
	m, ok := p.mails[a.Touch]
	p.mu.Unlock()
	if !ok {
		return fmt.Errorf("no mail of touch %s was accepted", a.Touch)
	}
	body, kind, err := a.form(m, p.nextID(), p.clock.Now())
	if err != nil {
		return err
	}
	began := p.clock.Now()
	for try := 0; ; try++ {
		err := p.teller.send(ctx, p.teller.Inbound, kind, body)
		var status int
		if errors.Is(err, errNotTaken) {
			_, _ = fmt.Sscanf(err.Error(), errNotTaken.Error()+": %d", &status)
		}
		if err == nil || status >= 400 && status < 500 || p.clock.Now().Sub(began) > p.teller.GiveUp {
			return err
		}
		if err := clock.Sleep(ctx, min(firstTry<<min(try, 10), longestTry)); err != nil {
			return err
		}
	}
}

// form is the mail as Inbound Parse posts it.
func (a Answer) form(m mailed, serial int, now time.Time) (body []byte, kind string, err error) {
	from, to := cmp.Or(a.From, m.to), cmp.Or(a.To, m.replyTo)
	subject := cmp.Or(a.Subject, "Re: "+m.subject)
	head := []string{
		"MIME-Version: 1.0", "From: " + from, "To: " + to, "Subject: " + subject, "Date: " + now.Format(time.RFC1123Z),
		"Message-ID: " + cmp.Or(a.ID, fmt.Sprintf("<answer-%d@standin.example>", serial)), "Content-Type: text/plain; charset=utf-8",
	}
	if !a.Bare && m.id != "" {
		head = append(head, "In-Reply-To: "+m.id, "References: "+m.id)
	}
	if a.Headers != "" {
		head = append(head, strings.TrimRight(a.Headers, "\r\n"))
	}
	envelope, err := json.Marshal(map[string]any{"to": []string{to}, "from": from})
	if err != nil {
		return nil, "", err
	}
	parts := [][2]string{
		{"to", to}, {"from", from}, {"subject", subject}, {"envelope", string(envelope)}, {"sender_ip", "127.0.0.1"}, {"SPF", "pass"},
		{"dkim", "{@standin.example : pass}"}, {"charsets", `{"to":"UTF-8","from":"UTF-8","subject":"UTF-8","text":"utf-8"}`},
	}
	headers := strings.Join(head, "\r\n") + "\r\n"
	if a.Raw {
		parts = append(parts, [2]string{"email", headers + "\r\n" + a.Text + "\r\n"})
	} else {
		parts = append(parts, [2]string{"headers", headers}, [2]string{"text", a.Text}, [2]string{"attachments", "0"})
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, part := range parts {
		if err := w.WriteField(part[0], part[1]); err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), w.FormDataContentType(), nil
}

// answers is the stand-in's own door: POST /standin/replies with an Answer makes a
// customer answer.
func (p *Provider) answers(w http.ResponseWriter, r *http.Request) {
	var a Answer
	if err := json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&a); err != nil {
		http.Error(w, "expected JSON such as {\"touch\": \"…\", \"text\": \"…\"}", http.StatusBadRequest)
		return
	}
	if err := p.reply(r.Context(), a); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
