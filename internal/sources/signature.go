package sources

import (
	"crypto/sha1" //nolint:gosec // the schemes of Intercom and Segment
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// Signature is an HMAC of the body as a document describes it, a scheme by its
// name, or a token in a header.
type Signature struct {
	Scheme    string // of Schemes; hmac and token read what follows
	Header    string
	Algorithm string // sha1, sha256 or sha512
	Encoding  string // hex or base64
	Prefix    string // before the signature
}

func (s *Signature) verify(r Request, secrets []string) error {
	switch {
	case s.Scheme == "hmac":
		return s.hmac(r, secrets)
	case s.Scheme == "token" && s.Header != "":
		return verifyToken(s.Header)(r, secrets)
	}
	known, ok := schemes[s.Scheme]
	if !ok {
		return fmt.Errorf("no signature is called %q", s.Scheme)
	}
	return known(r, secrets)
}

var algorithms = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

func (s *Signature) hmac(r Request, secrets []string) error {
	header := r.Header.Get(s.Header)
	if header == "" {
		return errMissing(s.Header)
	}
	given, ok := strings.CutPrefix(header, s.Prefix)
	algorithm := algorithms[s.Algorithm]
	if !ok || algorithm == nil {
		return errNoMatch
	}
	sum, err := hex.DecodeString(given)
	if s.Encoding == "base64" {
		sum, err = unbase64(given), nil
	}
	if err != nil {
		return errNoMatch
	}
	return signed(secrets, [][]byte{sum}, func(secret string) []byte { return mac(algorithm, []byte(secret), r.Body) })
}

// unbase64 is nil for what is no base64.
func unbase64(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}
