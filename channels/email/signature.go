package email

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"hash"

	"github.com/sendgrid/sendgrid-go/helpers/eventwebhook"
)

// Headers of a signed call of SendGrid's: the Event Webhook, and Inbound Parse
// under a security policy.
const (
	SignatureHeader = eventwebhook.VerificationHTTPHeader
	TimestampHeader = eventwebhook.TimestampHTTPHeader
)

// Key verifies that SendGrid made a call. Safe for concurrent use.
type Key struct{ public *ecdsa.PublicKey }

// ParseKey reads the verification key as SendGrid shows it: the DER of a public
// key on the curve P-256, in base64.
func ParseKey(text string) (*Key, error) {
	bad := errors.New("it is no verification key of SendGrid's: copy the one shown under Mail Settings, Event Webhook, Security Features")
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, bad
	}
	// The SDK's own reader asserts the type without a look: a key of RSA panics.
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, bad
	}
	if k, ok := parsed.(*ecdsa.PublicKey); !ok || k.Curve != elliptic.P256() {
		return nil, bad
	}
	public, err := eventwebhook.ConvertPublicKeyBase64ToECDSA(text)
	if err != nil {
		return nil, bad
	}
	return &Key{public}, nil
}

// Verify reports whether body was signed at timestamp. body is what came over
// the wire, byte for byte: SendGrid's ends with a line break, which counts. There
// is no limit of age, because it is not documented whether a call that is tried
// again is signed again; the same call twice must be harmless instead.
func (k *Key) Verify(body []byte, signature, timestamp string) bool {
	if signature == "" || timestamp == "" {
		return false
	}
	ok, err := eventwebhook.VerifySignature(k.public, body, signature, timestamp)
	return err == nil && ok
}

// Digest hashes what is signed while it is read, for bodies that are too large to
// hold: write the body to it, then ask Signed.
type Digest struct {
	hash.Hash
	timestamp string
}

// NewDigest begins one for a call with this timestamp.
func NewDigest(timestamp string) Digest {
	d := Digest{sha256.New(), timestamp}
	d.Write([]byte(timestamp)) // a hash never fails
	return d
}

// Signed is Verify for what was written to d.
func (k *Key) Signed(d Digest, signature string) bool {
	if signature == "" || d.timestamp == "" {
		return false
	}
	der, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && ecdsa.VerifyASN1(k.public, d.Sum(nil), der)
}
