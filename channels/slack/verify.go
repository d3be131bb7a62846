package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// replayWindow is how far a request's time may lie from ours.
// Source: https://docs.slack.dev/authentication/verifying-requests-from-slack/
const replayWindow = 5 * time.Minute

// errUnsigned says no more than that: what is wrong helps only a forger.
var errUnsigned = errors.New("the request is not signed by Slack, or is older than five minutes")

// Verify reports whether body, byte for byte as it came, was signed by Slack with
// secret within five minutes of now (scheme v0: HMAC-SHA256 over
// "v0:timestamp:body"). An empty secret verifies nothing. The same request passes
// again within the window: what it asks for must be harmless twice.
func Verify(secret string, h http.Header, body []byte, now time.Time) error {
	stamp := h.Get("X-Slack-Request-Timestamp")
	at, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || secret == "" || now.Sub(time.Unix(at, 0)).Abs() > replayWindow {
		return errUnsigned
	}
	given, ok := strings.CutPrefix(h.Get("X-Slack-Signature"), "v0=")
	sum, err := hex.DecodeString(given)
	if !ok || err != nil {
		return errUnsigned
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	if !hmac.Equal(mac.Sum(nil), sum) {
		return errUnsigned
	}
	return nil
}
