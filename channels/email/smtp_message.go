package email

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"holdfast"
)

// touchHeader carries the touch's opaque id, by which our own copy of a mail, and
// a bounce that quotes it, are known again.
const touchHeader = "X-Holdfast-Touch"

// longestHeader is the most that a line may hold (RFC 5322, 2.1.1); what has no
// spaces, such as a link, cannot be folded.
const longestHeader = 998

// wholeMail writes m as the internet has it: text part first, quoted-printable, every
// header folded and encoded. id is its Message-ID.
func wholeMail(m holdfast.Outbound) (raw []byte, id string, err error) {
	if err := check(m); err != nil {
		return nil, "", err
	}
	g := gomail.NewMsg(gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingQP), gomail.WithNoDefaultUserAgent())
	// net/mail quotes a name; go-mail's own FromFormat and AddToFormat do not.
	from, to := mail.Address{Name: m.From.Name, Address: m.From.Email}, mail.Address{Name: m.To.Name, Address: m.To.Email}
	if g.From(from.String()) != nil || g.To(to.String()) != nil {
		return nil, "", errors.New("a name or an address cannot be written into a header")
	}
	if to := m.Answers(); len(to) > 0 {
		g.SetGenHeader("Reply-To", strings.Join(to, ", ")) // check has parsed each
	}
	g.Subject(m.Subject)
	g.SetDateWithValue(m.At)
	id = m.Headers["Message-ID"]
	if id == "" {
		_, domain, _ := strings.Cut(m.From.Email, "@")
		id = "<" + m.Touch + "@" + domain + ">"
	}
	g.SetMessageIDWithValue(strings.Trim(id, "<>"))
	g.SetGenHeader(touchHeader, m.Touch)
	for _, key := range slices.Sorted(maps.Keys(m.Headers)) {
		if value := m.Headers[key]; key != "Message-ID" {
			if len(key)+len(value)+2 > longestHeader {
				return nil, "", fmt.Errorf("header %s is longer than a line of mail may be", key)
			}
			g.SetGenHeader(gomail.Header(key), value)
		}
	}
	if oneClick(m) {
		g.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	g.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		g.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	var out bytes.Buffer
	if _, err := g.WriteTo(&out); err != nil {
		return nil, "", errors.New("the message cannot be written")
	}
	return out.Bytes(), id, nil
}

// oneClick reports whether m's unsubscribe link lacks the header that lets one
// click do (RFC 8058).
func oneClick(m holdfast.Outbound) bool {
	return strings.Contains(m.Headers["List-Unsubscribe"], "<https:") && m.Headers["List-Unsubscribe-Post"] == ""
}
