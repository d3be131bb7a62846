package webhook

import (
	"crypto/hmac"
	"net/http"
	"strconv"
	"strings"
	"time"

	"holdfast"
)

// tolerance is how far a call's time may be from ours, either way, before it
// counts as one that is played again. Five minutes, as the reference libraries of
// Standard Webhooks have it.
const tolerance = 5 * time.Minute

// Verify proves that a call of Standard Webhooks came from who holds the secret,
// and not long ago. Keys may be several while one takes the other's place, and so
// may signatures. body is what came over the wire, byte for byte. The error is an
// unauthorized *holdfast.Error.
//
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
func Verify(secrets []string, h http.Header, body []byte, now time.Time) error {
	id, stamp := h.Get("webhook-id"), h.Get("webhook-timestamp")
	if id == "" || stamp == "" || h.Get("webhook-signature") == "" {
		return holdfast.Errorf(holdfast.Unauthorized, "the call is not signed")
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return holdfast.Errorf(holdfast.Unauthorized, "the call has no time")
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return holdfast.Errorf(holdfast.Unauthorized, "the call is too old, or its clock is wrong")
	}
	good := false
	for _, secret := range secrets {
		key, err := keyOf(secret)
		if err != nil {
			return err
		}
		want := []byte(sign(key, id, stamp, string(body)))
		for signature := range strings.FieldsSeq(h.Get("webhook-signature")) {
			if v1, ok := strings.CutPrefix(signature, "v1,"); ok && hmac.Equal([]byte(v1), want) {
				good = true
			}
		}
	}
	if !good {
		return holdfast.Errorf(holdfast.Unauthorized, "the call's signature is wrong")
	}
	return nil
}
