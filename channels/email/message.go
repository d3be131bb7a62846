package email

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"

	"github.com/sendgrid/rest"
	sgmail "github.com/sendgrid/sendgrid-go/helpers/mail"

	"holdfast"
)

// reserved headers are refused by SendGrid:
// https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors#message.headers
var reserved = []string{
	"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding",
	"to", "from", "subject", "reply-to", "cc", "bcc",
}

// compose makes SendGrid's request: text part first, our ids as custom_args of
// the personalization, from where every event of the message repeats them.
func compose(m holdfast.Outbound, sandbox bool) (*sgmail.SGMailV3, error) {
	if err := check(m); err != nil {
		return nil, err
	}
	v := sgmail.NewV3Mail()
	v.SetFrom(sgmail.NewEmail(m.From.Name, m.From.Email))
	switch to := m.Answers(); len(to) {
	case 0:
	case 1:
		v.SetReplyTo(sgmail.NewEmail("", to[0]))
	default: // reply_to and reply_to_list exclude each other
		for _, address := range to {
			v.ReplyToList = append(v.ReplyToList, sgmail.NewEmail("", address))
		}
	}
	v.Subject = m.Subject
	v.AddContent(sgmail.NewContent("text/plain", m.Text))
	if m.HTML != "" {
		v.AddContent(sgmail.NewContent("text/html", m.HTML))
	}

	p := sgmail.NewPersonalization()
	p.AddTos(sgmail.NewEmail(m.To.Name, m.To.Email))
	// Custom args are kept for good and readable by the provider's staff: ids only.
	for key, id := range map[string]string{"touch": m.Touch, "enrollment": m.Enrollment, "account": m.Account} {
		if id != "" {
			p.SetCustomArg(key, id)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m.Headers)) {
		p.SetHeader(key, m.Headers[key])
	}
	if oneClick(m) {
		p.SetHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	v.AddPersonalizations(p)
	v.AddCategories(categories(m)...)

	settings := sgmail.NewMailSettings()
	if sandbox {
		v.SetMailSettings(settings.SetSandboxMode(sgmail.NewSetting(true)))
	}
	if m.Class == "transactional" || m.Class == "service" {
		// An opt-out binds outreach. SendGrid's global list, which learns of it,
		// knows no such difference; bounces and complaints still hold.
		settings.BypassUnsubscribeManagement = sgmail.NewSetting(true)
		v.SetMailSettings(settings)
	}
	return v, nil
}

// longestCategory is SendGrid's limit; at most ten, each once, are allowed.
const longestCategory = 255

// categories are what SendGrid's statistics are by: the playbook, and the step in
// it. They are no secret to the provider's staff: names of the author's making only.
func categories(m holdfast.Outbound) []string {
	var all []string
	for _, name := range []string{m.Playbook, m.Playbook + "/" + m.Step} {
		if m.Playbook != "" && m.Step != "" {
			all = append(all, strings.ToValidUTF8(name[:min(len(name), longestCategory)], ""))
		}
	}
	return slices.Compact(all)
}

func check(m holdfast.Outbound) error {
	for what, address := range map[string]string{"recipient": m.To.Email, "sender": m.From.Email} {
		if a, err := mail.ParseAddress(address); err != nil || a.Address != address || len(address) > 254 {
			return fmt.Errorf("the %s has no valid address", what)
		}
	}
	for _, address := range m.Answers() {
		if a, err := mail.ParseAddress(address); err != nil || a.Address != address {
			return errors.New("the reply address is not valid")
		}
	}
	switch {
	case m.Touch == "":
		return errors.New("no touch id")
	case m.Subject == "" || m.Text == "":
		return errors.New("no subject or no text part")
	}
	for key, value := range m.Headers {
		if slices.Contains(reserved, strings.ToLower(key)) {
			return fmt.Errorf("header %q is reserved", key)
		}
		if strings.ContainsAny(key, " :\r\n") || strings.ContainsAny(value, "\r\n") {
			return errors.New("a header holds a line break or is misnamed")
		}
	}
	if strings.ContainsAny(m.Subject+m.To.Name+m.From.Name, "\r\n") {
		return errors.New("subject or name holds a line break")
	}
	return nil
}

// answer is the provider's complaint, without addresses.
func answer(res *rest.Response) error {
	var body struct {
		Errors []struct{ Message, Field string }
	}
	if json.Unmarshal([]byte(res.Body), &body) != nil || len(body.Errors) == 0 {
		return fmt.Errorf("SendGrid answered %d", res.StatusCode)
	}
	first := body.Errors[0]
	if first.Field != "" {
		return fmt.Errorf("SendGrid answered %d: %s: %s", res.StatusCode, first.Field, withoutAddresses(first.Message))
	}
	return fmt.Errorf("SendGrid answered %d: %s", res.StatusCode, withoutAddresses(first.Message))
}
