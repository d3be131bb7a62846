package email

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/textproto"
	"slices"
	"strings"

	"holdfast"
)

// author is what tells a person's mail from a machine's.
type author struct {
	header  textproto.MIMEHeader
	from    string
	subject string
	nobody  bool // the envelope has no sender: nothing may be sent back
}

// kind is Replied when nothing speaks against a person. A machine that says
// nothing of itself passes: headers and subjects are all there is to go by.
func (a author) kind() holdfast.SightingKind {
	local, _, _ := strings.Cut(a.from, "@")
	kind, params, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	report := err == nil && kind == "multipart/report"
	switch {
	case report && (params["report-type"] == "" || strings.EqualFold(params["report-type"], "delivery-status")),
		a.header.Get("X-Failed-Recipients") != "", local == "mailer-daemon", local == "postmaster":
		return holdfast.Bounced // RFC 3464
	case report, a.nobody, a.says():
		return holdfast.AutoReplied
	}
	return holdfast.Replied
}

// says reports whether a mail says of itself that no person wrote it.
func (a author) says() bool {
	word := func(name string) string {
		v, _, _ := strings.Cut(a.header.Get(name), ";")
		return strings.ToLower(strings.TrimSpace(v))
	}
	if v := word("Auto-Submitted"); v != "" && v != "no" {
		return true // RFC 3834, 5
	}
	for _, name := range []string{"X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress"} {
		if v := word(name); v != "" && v != "no" && v != "none" {
			return true
		}
	}
	if slices.Contains([]string{"bulk", "auto_reply", "junk"}, word("Precedence")) {
		return true
	}
	if path, there := a.header["Return-Path"]; there && len(path) > 0 && strings.Trim(path[0], " \t<>") == "" {
		return true
	}
	subject := strings.ToLower(a.subject)
	return slices.ContainsFunc(automatic, func(begin string) bool { return strings.HasPrefix(subject, begin) })
}

// automatic are beginnings of subjects that mail programs write by themselves. A
// person who answers one of them writes "Re:" before it.
var automatic = []string{
	"automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "autoresponse", "out of office", "out of the office", "out-of-office",
	"automatische antwort", "abwesenheitsnotiz", "abwesenheit", "abwesend", "réponse automatique", "absence du bureau",
	"respuesta automática", "respuesta automatica", "fuera de la oficina", "risposta automatica", "resposta automática", "automatisch antwoord",
	"automatiskt svar", "automatisk svar", "odpowiedź automatyczna", "自動返信", "自动回复", "자동 회신",
}

// decoded undoes the transfer encoding of a part.
func decoded(h textproto.MIMEHeader, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	}
	return body
}
