package email_test

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/channels/email"
)

var answered = holdfast.TouchID("e1", "opening", "email", "dana")

// person is a reply as a mail program writes it.
func person(edit ...string) map[string]string {
	form := map[string]string{
		"headers": "From: Dana Doe <Dana@Acme.example>\nTo: reply+tok@in.example.com\nSubject: Re: Hello\nMessage-ID: <r1@acme.example>\n" +
			"In-Reply-To: <" + answered + "@northwind.example>\nReferences: <other@x.example>\n <" + answered + "@northwind.example>\n",
		"from": "Dana Doe <Dana@Acme.example>", "to": "reply+tok@in.example.com", "subject": "Re: Hello", "text": "Yes please",
		"envelope": `{"to":["reply+tok@in.example.com"],"from":"dana@acme.example"}`, "charsets": `{"text":"utf-8"}`,
	}
	for i := 0; i+1 < len(edit); i += 2 {
		if edit[i] == "+headers" {
			form["headers"] += edit[i+1] + "\n"
			continue
		}
		form[edit[i]] = edit[i+1]
	}
	return form
}

func inbound(t *testing.T, form map[string]string) (email.Inbound, error) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range form {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.CreateFormFile("attachment1", "headers")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte("From: evil@x.example\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return email.ReadInbound(multipart.NewReader(&body, w.Boundary()))
}

func TestAReplyIsReadWithWhatItAnswers(t *testing.T) {
	t.Parallel()
	got, err := inbound(t, person())
	want := email.Inbound{
		Kind: holdfast.Replied, To: []string{"reply+tok@in.example.com"}, From: "dana@acme.example", ID: "<r1@acme.example>",
		Touches: []string{answered}, Text: "Yes please",
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMachinesDoNotReply(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit []string
		want holdfast.SightingKind
	}{
		"a person":                        {nil, holdfast.Replied},
		"a person who is no machine":      {[]string{"+headers", "Auto-Submitted: no"}, holdfast.Replied},
		"a person about being away":       {[]string{"headers", "Subject: Re: Automatic reply: Hello\n"}, holdfast.Replied},
		"a first-class mail":              {[]string{"+headers", "Precedence: first-class"}, holdfast.Replied},
		"auto-replied":                    {[]string{"+headers", "Auto-Submitted: auto-replied (vacation)"}, holdfast.AutoReplied},
		"auto-generated":                  {[]string{"+headers", "auto-submitted: auto-generated; x=y"}, holdfast.AutoReplied},
		"X-Autoreply":                     {[]string{"+headers", "X-Autoreply: yes"}, holdfast.AutoReplied},
		"X-Autorespond":                   {[]string{"+headers", "X-Autorespond: Re: Hello"}, holdfast.AutoReplied},
		"bulk":                            {[]string{"+headers", "Precedence: bulk"}, holdfast.AutoReplied},
		"auto_reply":                      {[]string{"+headers", "Precedence: auto_reply"}, holdfast.AutoReplied},
		"junk":                            {[]string{"+headers", "Precedence: Junk"}, holdfast.AutoReplied},
		"Exchange":                        {[]string{"+headers", "X-Auto-Response-Suppress: All"}, holdfast.AutoReplied},
		"an empty return path":            {[]string{"+headers", "Return-Path: <>"}, holdfast.AutoReplied},
		"an empty envelope":               {[]string{"envelope", `{"to":["reply+tok@in.example.com"],"from":""}`}, holdfast.AutoReplied},
		"a read receipt":                  {[]string{"+headers", "Content-Type: multipart/report; report-type=disposition-notification; boundary=x"}, holdfast.AutoReplied},
		"English":                         {[]string{"headers", "Subject: Automatic reply: Hello\n"}, holdfast.AutoReplied},
		"German":                          {[]string{"headers", "Subject: Abwesenheitsnotiz: Hallo\n"}, holdfast.AutoReplied},
		"French, encoded":                 {[]string{"headers", "Subject: =?iso-8859-1?Q?R=E9ponse_automatique?= : Bonjour\n"}, holdfast.AutoReplied},
		"after a line that is no header":  {[]string{"+headers", "what is this\nAuto-Submitted: auto-replied"}, holdfast.AutoReplied},
		"a bounce":                        {[]string{"+headers", "Content-Type: multipart/report; report-type=delivery-status; boundary=x"}, holdfast.Bounced},
		"a mail server":                   {[]string{"headers", "From: MAILER-DAEMON@mx.acme.example (Mail Delivery)\n"}, holdfast.Bounced},
		"a mail server without a header":  {[]string{"headers", "", "from", "Mail Delivery <postmaster@acme.example>"}, holdfast.Bounced},
		"a mail server that names failed": {[]string{"+headers", "X-Failed-Recipients: dana@acme.example"}, holdfast.Bounced},
	} {
		got, err := inbound(t, person(c.edit...))
		if err != nil || got.Kind != c.want {
			t.Errorf("%s: got %s, %v; want %s", name, got.Kind, err, c.want)
		}
	}
}

func TestTextIsReadInItsCharacterSet(t *testing.T) {
	t.Parallel()
	raw := "From: =?utf-8?q?D=C3=A1na?= <dana@acme.example>\r\nTo: reply+tok@in.example.com\r\nMessage-ID: <r2@acme.example>\r\n" +
		"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain; charset=windows-1252\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=80 5, gr=FC=DFe\r\n--b--\r\n--a--\r\n"
	for name, c := range map[string]struct {
		form map[string]string
		want string
	}{
		"parsed, latin":   {person("text", "gr\xfc\xdfe", "charsets", `{"text":"iso-8859-1"}`), "grüße"},
		"parsed, unknown": {person("text", "gr\xfc\xdfe", "charsets", `{"text":"klingon"}`), "gre"},
		"parsed, none":    {person("text", "grüße", "charsets", "no JSON"), "grüße"},
		"raw":             {map[string]string{"email": raw, "envelope": person()["envelope"]}, "€ 5, grüße"},
		"raw, base64": {map[string]string{"to": "reply+tok@in.example.com", "email": "From: d@acme.example\nContent-Type: text/plain; charset=utf-8\n" +
			"Content-Transfer-Encoding: base64\n\nZ3LDvMOfZQ==\n"}, "grüße"},
		"raw, an attachment first": {map[string]string{"to": "reply+tok@in.example.com", "email": "From: d@acme.example\nContent-Type: multipart/mixed; boundary=a\n\n" +
			"--a\nContent-Type: text/plain\nContent-Disposition: attachment; filename=x\n\nno\n--a\nContent-Type: text/plain\n\nyes\n--a--\n"}, "yes"},
	} {
		got, err := inbound(t, c.form)
		if err != nil || got.Text != c.want {
			t.Errorf("%s: got %q, %v; want %q", name, got.Text, err, c.want)
		}
	}
}

func TestALongMailIsReadPast(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	got, err := inbound(t, person("text", long, "html", long, "+headers", "X-Long: "+long, "attachment2", long))
	if err != nil || len(got.Text) > 64<<10 || got.Touches[0] != answered {
		t.Errorf("kept %d bytes of text, %v", len(got.Text), err)
	}
	deep := "From: d@acme.example\nTo: reply+tok@in.example.com\n"
	for range 100 {
		deep += "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
	}
	if got, err := inbound(t, map[string]string{"email": deep}); err != nil || got.Text != "" {
		t.Errorf("a deep mail: %q, %v", got.Text, err)
	}
}

func TestAFormThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := inbound(t, map[string]string{"hello": "there"}); err == nil {
		t.Error("a form of somebody else: no error")
	}
	for _, body := range []string{"", "--x", "--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhal"} {
		if _, err := email.ReadInbound(multipart.NewReader(strings.NewReader(body), "x")); err == nil {
			t.Errorf("%q: no error", body)
		}
	}
}

// TestSendGridsOwnSamplesAreRead reads $HOLDFAST_CONFORMANCE/sendgrid/inbound.
func TestSendGridsOwnSamplesAreRead(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("HOLDFAST_CONFORMANCE")
	if dir == "" {
		t.Skip("HOLDFAST_CONFORMANCE names no folder with samples")
	}
	for name, c := range map[string]struct {
		to, text string
		bad      bool
	}{
		"default_data.txt":              {to: "inbound@inbound.example.com", text: "Hello Twilio SendGrid!"},
		"raw_data.txt":                  {to: "inbound@inbound.inbound.com", text: "Hello Twilio SendGrid!"},
		"raw_data_with_attachments.txt": {to: "inbound@inbound.inbound.com", text: "Hello Twilio SendGrid!"},
		"bad_data.txt":                  {bad: true},
	} {
		body, err := os.ReadFile(filepath.Join(dir, "sendgrid", "inbound", name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := email.ReadInbound(multipart.NewReader(bytes.NewReader(body), "xYzZY"))
		if c.bad {
			if err == nil {
				t.Errorf("%s: got %+v, want an error", name, got)
			}
			continue
		}
		if err != nil || got.To[0] != c.to || got.From != "test@example.com" || got.Kind != holdfast.Replied || !strings.HasPrefix(got.Text, c.text) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func FuzzInboundNeverPanics(f *testing.F) {
	f.Add("From: a@b.example\nTo: c@d.example\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n--a--\n", `{"to":["c@d.example"]}`)
	f.Fuzz(func(t *testing.T, raw, envelope string) {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		if err := errors.Join(w.WriteField("envelope", envelope), w.WriteField("email", raw), w.Close()); err != nil {
			t.Fatal(err) // a buffer takes everything
		}
		got, err := email.ReadInbound(multipart.NewReader(io.Reader(&body), w.Boundary()))
		if err == nil && (got.ID == "" || len(got.To) == 0) {
			t.Errorf("%+v", got)
		}
	})
}
