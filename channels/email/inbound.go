package email

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/encoding/htmlindex"

	"holdfast"
)

// Inbound is a mail that came in through Inbound Parse.
type Inbound struct {
	// Kind is Replied, AutoReplied for what a machine wrote, or Bounced for what a
	// mail server says of a mail it could not deliver.
	Kind    holdfast.SightingKind
	To      []string // addresses it was delivered to
	From    string   // address of its author, in small letters; "" where none can be read
	ID      string   // tells it from every other: its Message-ID, or a hash of it
	Touches []string // that it answers, by In-Reply-To and References, the nearest first
	Text    string   // its plain part, in UTF-8, as far as it is kept
}

// What is kept of a mail; the rest of it, attachments above all, is read past.
const (
	maxHeaders = 256 << 10
	maxField   = 16 << 10
	maxText    = 64 << 10
	maxDepth   = 8
)

// ReadInbound reads the form that Inbound Parse posts, with parsed fields or with
// the whole mail in one ("raw"). It holds no more than half a megabyte of it. An
// error says that this is no such form.
//
// https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook
func ReadInbound(form *multipart.Reader) (Inbound, error) {
	p := posted{fields: map[string][]byte{}}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Inbound{}, fmt.Errorf("the form breaks off: %w", err)
		}
		if err := p.part(part); err != nil {
			return Inbound{}, fmt.Errorf("the form breaks off in %q: %w", part.FormName(), err)
		}
	}
	return p.mail()
}

// posted is a form while it is read.
type posted struct {
	fields map[string][]byte
	header textproto.MIMEHeader // of the mail
	text   string
}

// kept are the fields that are read, and as far as they are.
var kept = map[string]int64{
	"headers": maxHeaders, "text": maxText, "envelope": maxField, "charsets": maxField, "from": maxField, "to": maxField, "subject": maxField,
}

func (p *posted) part(part *multipart.Part) error {
	if part.FormName() == "email" && part.FileName() == "" {
		return p.raw(part)
	}
	limit, ok := kept[part.FormName()]
	if !ok || part.FileName() != "" {
		return nil // NextPart reads past it
	}
	b, err := io.ReadAll(io.LimitReader(part, limit))
	if err == nil && p.fields[part.FormName()] == nil {
		p.fields[part.FormName()] = b
	}
	return err
}

// raw reads a whole mail.
func (p *posted) raw(r io.Reader) error {
	b := bufio.NewReader(r)
	head, err := headOf(b)
	if err != nil {
		return err
	}
	p.header = readHeader(head)
	p.text, err = textOf(p.header, b, 0)
	return err
}

// headOf reads a header up to its empty line.
func headOf(b *bufio.Reader) ([]byte, error) {
	var head []byte
	for {
		line, err := b.ReadSlice('\n')
		if len(head) < maxHeaders {
			head = append(head, line...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return head, nil
		case err != nil:
			return nil, err
		case len(bytes.TrimRight(line, "\r\n")) == 0:
			return head, nil
		}
	}
}

// readHeader reads what lines of a header can be read.
func readHeader(head []byte) textproto.MIMEHeader {
	var clean bytes.Buffer
	following := false
	for line := range bytes.Lines(head) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if line[0] != ' ' && line[0] != '\t' {
			name, _, ok := bytes.Cut(line, []byte(":"))
			following = ok && len(name) > 0 && !bytes.ContainsAny(name, " \t")
		}
		if following {
			clean.Write(line)
			clean.WriteString("\r\n")
		}
	}
	clean.WriteString("\r\n")
	h, _ := textproto.NewReader(bufio.NewReader(&clean)).ReadMIMEHeader() // what it could read is there
	if h == nil {
		h = textproto.MIMEHeader{}
	}
	return h
}

// textOf is the first plain part of a mail. What is wrong with its parts is its
// author's business, as long as it can be read past.
func textOf(h textproto.MIMEHeader, body io.Reader, depth int) (string, error) {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = "text/plain" // RFC 2045, 5.2
	}
	if strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" && depth < maxDepth {
		for parts := multipart.NewReader(body, params["boundary"]); ; {
			part, err := parts.NextRawPart()
			if err != nil {
				return "", nil //nolint:nilerr // cut short: it has no text
			}
			text, err := textOf(part.Header, part, depth+1)
			if err != nil || text != "" {
				return text, err
			}
		}
	}
	disposition, _, _ := strings.Cut(h.Get("Content-Disposition"), ";")
	if kind != "text/plain" || strings.EqualFold(strings.TrimSpace(disposition), "attachment") {
		return "", nil
	}
	b, err := io.ReadAll(io.LimitReader(decoded(h, body), maxText))
	if err != nil && len(b) == 0 {
		return "", nil // in an encoding that is broken
	}
	return inUTF8(b, params["charset"]), nil
}

// inUTF8 decodes text of a character set; what it does not know is dropped.
func inUTF8(b []byte, charset string) string {
	if charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
		if enc, err := htmlindex.Get(charset); err == nil {
			if out, err := enc.NewDecoder().Bytes(b); err == nil {
				b = out
			}
		}
	}
	return strings.TrimSpace(strings.ToValidUTF8(string(b), ""))
}

// field is a field of the form, by the character set that the form names for it.
func (p *posted) field(name string) string {
	var sets map[string]string
	_ = json.Unmarshal(p.fields["charsets"], &sets) // without it all is UTF-8
	return inUTF8(p.fields[name], sets[name])
}

// mail makes sense of what was read.
func (p *posted) mail() (Inbound, error) {
	if p.header == nil {
		p.header = readHeader(p.fields["headers"])
		p.text = p.field("text")
	}
	var envelope struct {
		To   []string `json:"to"`
		From *string  `json:"from"`
	}
	_ = json.Unmarshal(p.fields["envelope"], &envelope) // without it the header's addresses count
	m := Inbound{To: envelope.To, Text: p.text, From: address(or(p.header.Get("From"), p.field("from")))}
	if len(m.To) == 0 {
		m.To = addresses(or(p.header.Get("To"), p.field("to")))
	}
	if len(m.To) == 0 {
		return Inbound{}, errors.New("the form names nobody whom the mail is to: this is no Inbound Parse")
	}
	subject := words(or(p.header.Get("Subject"), p.field("subject")))
	m.Kind = author{p.header, m.From, subject, envelope.From != nil && *envelope.From == ""}.kind()
	m.ID = strings.TrimSpace(p.header.Get("Message-Id"))
	if m.ID == "" {
		sum := sha256.Sum256([]byte(strings.Join([]string{m.From, strings.Join(m.To, ","), p.header.Get("Date"), subject, m.Text}, "\x1f")))
		m.ID = hex.EncodeToString(sum[:])
	}
	m.Touches = touchesOf(p.header)
	return m, nil
}

var ours = regexp.MustCompile(`<([a-z2-7]{26})@[^<>\s]+>`) // as Message-ID is written, see holdfast.TouchID

// touchesOf are the touches that a mail says it answers.
func touchesOf(h textproto.MIMEHeader) (out []string) {
	references := ours.FindAllStringSubmatch(h.Get("References"), -1)
	slices.Reverse(references) // the last is the mail that was answered: RFC 5322, 3.6.4
	for _, m := range append(ours.FindAllStringSubmatch(h.Get("In-Reply-To"), -1), references...) {
		if !slices.Contains(out, m[1]) && len(out) < 20 {
			out = append(out, m[1])
		}
	}
	return out
}

func or(a, b string) string {
	if strings.TrimSpace(a) != "" {
		return a
	}
	return b
}

// reader of addresses and of encoded words, in any character set.
var reader = mail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
	enc, err := htmlindex.Get(charset)
	if err != nil {
		return nil, err
	}
	return enc.NewDecoder().Reader(r), nil
}}}

func words(text string) string {
	if s, err := reader.WordDecoder.DecodeHeader(text); err == nil {
		text = s
	}
	return strings.TrimSpace(text)
}

func addresses(text string) (out []string) {
	list, err := reader.ParseList(text)
	if err != nil {
		return nil
	}
	for _, a := range list {
		out = append(out, strings.ToLower(a.Address))
	}
	return out
}

func address(text string) string {
	if all := addresses(text); len(all) > 0 {
		return all[0]
	}
	return ""
}
