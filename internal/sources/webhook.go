package sources

import (
	"errors"
	"net/http"
	"regexp"

	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// SignatureKeys are the keys of a source's `signature:`.
var SignatureKeys = []source.KeyDoc{
	{Name: "signature", Type: "literal", Summary: "How who sends is known, with the secret: the name of a scheme, such as standard-webhooks, github or token (Authorization: Bearer); or a map. Needed for kind webhook, and in place of a provider's own way.", Example: "standard-webhooks"},
	{Name: "signature.hmac", Type: "map", Summary: "An HMAC of the raw body in a header."},
	{Name: "signature.hmac.header", Type: "literal", Required: true, Summary: "The header that holds it.", Example: "X-Signature"},
	{Name: "signature.hmac.algorithm", Type: "enum(sha1|sha256|sha512)", Default: "sha256", Summary: "The hash in the HMAC."},
	{Name: "signature.hmac.encoding", Type: "enum(hex|base64)", Default: "hex", Summary: "How it is written."},
	{Name: "signature.hmac.prefix", Type: "literal", Summary: "What stands before it.", Example: "sha256="},
	{Name: "signature.token", Type: "map", Summary: "The secret itself in a header of its own."},
	{Name: "signature.token.header", Type: "literal", Required: true, Summary: "The header that holds it.", Example: "X-Gitlab-Token"},
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// ReadSignature reads n; findings go to l. nil when n is absent or has errors.
func ReadSignature(n *source.Node, l *diag.List) *Signature {
	switch n.Kind() {
	case source.Null:
		return nil
	case source.Map:
		return readSignatureMap(n, l)
	case source.Scalar, source.List:
	}
	if n.Text() == "hmac" {
		l.Errorf(n.Span(), "missing-key", "write hmac: {header: X-Signature}", "hmac needs the name of the header")
		return nil
	}
	s := &Signature{Scheme: n.Word(l, "signature", Schemes()...)}
	if s.Scheme == "" {
		return nil
	}
	return s
}

func readSignatureMap(n *source.Node, l *diag.List) *Signature {
	before := len(l.All)
	n.Strict(l, "signature", source.Keys(SignatureKeys, "signature")...)
	s := &Signature{Scheme: "hmac", Algorithm: "sha256", Encoding: "hex"}
	at := n.Get("hmac")
	if t := n.Get("token"); t != nil {
		if at != nil {
			l.Errorf(n.Key("token").Span(), "conflicting-keys", "keep one of them", "a signature is an hmac or a token")
		}
		s, at = &Signature{Scheme: "token"}, t
	}
	if at == nil {
		l.Errorf(n.Span(), "missing-key", "write hmac: {header: X-Signature}", "signature says nothing")
		return nil
	}
	at.Strict(l, s.Scheme, source.Keys(SignatureKeys, "signature."+s.Scheme)...)
	if h := at.Require(l, s.Scheme, "header"); h != nil {
		s.Header = http.CanonicalHeaderKey(h.String(l, "header"))
		if s.Header != "" && !headerName.MatchString(s.Header) {
			l.Errorf(h.Span(), "bad-name", "write it as the sender does, such as X-Signature", "%q cannot be the name of a header", h.Text())
		}
	}
	if a := at.Get("algorithm"); a != nil {
		s.Algorithm = a.Word(l, "algorithm", "sha1", "sha256", "sha512")
	}
	if e := at.Get("encoding"); e != nil {
		s.Encoding = e.Word(l, "encoding", "hex", "base64")
	}
	if p := at.Get("prefix"); p != nil {
		s.Prefix = p.String(l, "prefix")
	}
	if diag.Failed(l.All[before:]) {
		return nil
	}
	return s
}

// unmapped is a webhook without a mapping, which lint refuses.
func unmapped(Request) ([]Said, []Refused, error) {
	return nil, nil, errors.New("the source has no mapping; add mapping: to its document")
}
