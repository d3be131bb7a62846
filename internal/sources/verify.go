package sources

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"
)

// window is how far the time in a signature may lie from ours, either way, where
// the provider signs anew with each try: what someone recorded cannot be played
// again later. Source: stripe-go's DefaultTolerance; HubSpot's and Standard
// Webhooks' pages say the same five minutes.
const window = 5 * time.Minute

// scheme is Adapter.Verify.
type scheme func(r Request, secrets []string) error

// schemes by the name that a document gives them.
var schemes = map[string]scheme{
	"github":            verifyGitHub,
	"hubspot":           verifyHubSpot,
	"intercom":          verifyIntercom,
	"segment":           verifySegment,
	"standard-webhooks": verifyStandard,
	"stripe":            verifyStripe,
	"token":             verifyToken("Authorization"),
	"zendesk":           verifyZendesk,
}

// Schemes are the names of signatures, sorted, and hmac, which takes settings.
func Schemes() []string {
	names := []string{"hmac"}
	for name := range schemes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var (
	errNoSecret = errors.New("the source has no secret; give it one")
	errNoMatch  = errors.New("the signature does not match the body and the secret")
)

func errMissing(header string) error { return fmt.Errorf("the header %s is missing", header) }

// signed holds given signatures to what each secret would have made. Signatures
// and secrets may be several, while one takes the place of another. Sums are
// compared in constant time.
func signed(secrets []string, given [][]byte, sum func(secret string) []byte) error {
	some := false
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		some = true
		want := sum(secret)
		for _, g := range given {
			if len(want) > 0 && hmac.Equal(want, g) {
				return nil
			}
		}
	}
	if !some {
		return errNoSecret
	}
	return errNoMatch
}

// mac is the HMAC of parts in a row.
func mac(of func() hash.Hash, key []byte, parts ...[]byte) []byte {
	h := hmac.New(of, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// fresh holds a signature's time to ours.
func fresh(at, now time.Time) error {
	switch age := now.Sub(at); {
	case age > window:
		return fmt.Errorf("the signature was made more than %d minutes ago; if it was not, set the clock here right", int(window.Minutes()))
	case age < -window:
		return fmt.Errorf("the signature was made more than %d minutes from now; set the clock here right", int(window.Minutes()))
	}
	return nil
}

// verifyStripe: t=…,v1=hex HMAC-SHA256 of "t.body". Source:
// https://docs.stripe.com/webhooks#verify-manually
func verifyStripe(r Request, secrets []string) error {
	const name = "Stripe-Signature"
	header := r.Header.Get(name)
	if header == "" {
		return errMissing(name)
	}
	stamp := ""
	var given [][]byte
	for part := range strings.SplitSeq(header, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "t":
			stamp = value
		case "v1":
			if sum, err := hex.DecodeString(value); err == nil {
				given = append(given, sum)
			}
		}
	}
	at, ok := unix(stamp, time.Second)
	if !ok {
		return errors.New("the header Stripe-Signature has no time t=")
	}
	if err := fresh(at, r.At); err != nil {
		return err
	}
	return signed(secrets, given, func(secret string) []byte {
		return mac(sha256.New, []byte(secret), []byte(stamp+"."), r.Body)
	})
}

// verifyStandard: "v1,"base64 HMAC-SHA256 of "id.time.body", several apart by
// spaces; the key is the base64 behind whsec_. The headers may be called svix-
// instead of webhook-. Source: https://www.standardwebhooks.com
func verifyStandard(r Request, secrets []string) error {
	prefix := "Webhook-"
	if r.Header.Get("Webhook-Id") == "" && r.Header.Get("Svix-Id") != "" {
		prefix = "Svix-"
	}
	id, stamp, header := r.Header.Get(prefix+"Id"), r.Header.Get(prefix+"Timestamp"), r.Header.Get(prefix+"Signature")
	for _, need := range [][2]string{{"Id", id}, {"Timestamp", stamp}, {"Signature", header}} {
		if need[1] == "" {
			return errMissing(prefix + need[0])
		}
	}
	at, ok := unix(stamp, time.Second)
	if !ok {
		return fmt.Errorf("the header %sTimestamp holds no time", prefix)
	}
	if err := fresh(at, r.At); err != nil {
		return err
	}
	var given [][]byte
	for part := range strings.FieldsSeq(header) {
		if sum, ok := strings.CutPrefix(part, "v1,"); ok {
			given = append(given, unbase64(sum))
		}
	}
	return signed(secrets, given, func(secret string) []byte {
		key := unbase64(strings.TrimPrefix(secret, "whsec_"))
		if len(key) == 0 {
			return nil
		}
		return mac(sha256.New, key, []byte(id+"."+stamp+"."), r.Body)
	})
}

// verifyZendesk: base64 HMAC-SHA256 of the time and the body. Source:
// https://developer.zendesk.com/documentation/webhooks/verifying/
func verifyZendesk(r Request, secrets []string) error {
	const name = "X-Zendesk-Webhook-Signature"
	header, stamp := r.Header.Get(name), r.Header.Get(name+"-Timestamp")
	if header == "" {
		return errMissing(name)
	}
	at, ok := moment(stamp)
	if !ok {
		return errMissing(name + "-Timestamp")
	}
	if err := fresh(at, r.At); err != nil {
		return err
	}
	return signed(secrets, [][]byte{unbase64(header)}, func(secret string) []byte {
		return mac(sha256.New, []byte(secret), []byte(stamp), r.Body)
	})
}

// verifyGitHub: "sha256="hex HMAC-SHA256 of the body. Source:
// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
func verifyGitHub(r Request, secrets []string) error {
	return (&Signature{Header: "X-Hub-Signature-256", Algorithm: "sha256", Encoding: "hex", Prefix: "sha256="}).hmac(r, secrets)
}

// verifyIntercom: "sha1="hex HMAC-SHA1 of the body. Source:
// https://developers.intercom.com/docs/webhooks/webhook-notifications
func verifyIntercom(r Request, secrets []string) error {
	return (&Signature{Header: "X-Hub-Signature", Algorithm: "sha1", Encoding: "hex", Prefix: "sha1="}).hmac(r, secrets)
}

// verifySegment: hex HMAC-SHA1 of the body. Source:
// https://segment.com/docs/connections/destinations/catalog/webhooks/
func verifySegment(r Request, secrets []string) error {
	return (&Signature{Header: "X-Signature", Algorithm: "sha1", Encoding: "hex"}).hmac(r, secrets)
}

// verifyToken: the secret itself, in a header.
func verifyToken(header string) scheme {
	return func(r Request, secrets []string) error {
		given := r.Header.Get(header)
		if given == "" {
			return errMissing(header)
		}
		if header == "Authorization" {
			scheme, token, _ := strings.Cut(given, " ")
			if !strings.EqualFold(scheme, "bearer") {
				return errors.New("the header Authorization holds no bearer token: expected Authorization: Bearer …")
			}
			given = strings.TrimSpace(token)
		}
		err := signed(secrets, [][]byte{digest(given)}, digest)
		if errors.Is(err, errNoMatch) {
			return fmt.Errorf("the token in %s is not one of the source's", header)
		}
		return err
	}
}

// digest makes texts of one length of texts of any, so that comparing tells none.
func digest(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}
