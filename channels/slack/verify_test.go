package slack_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/channels/slack"
)

const signingSecret = "8f742231b10e8888abcd99yyyzzz85a5"

// signed is the header of a request whose body Slack has signed at a moment.
func signed(secret, body string, at time.Time) http.Header {
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	h := http.Header{}
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return h
}

// TestSignaturesAreJudgedAsPublished reads $HOLDFAST_CONFORMANCE/signatures, whose
// first Slack line is the example of Slack's own page.
func TestSignaturesAreJudgedAsPublished(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("HOLDFAST_CONFORMANCE")
	if dir == "" {
		t.Skip("HOLDFAST_CONFORMANCE names no folder with signature vectors")
	}
	f, err := os.Open(filepath.Join(dir, "signatures", "vectors.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	judged := map[bool]int{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v struct {
			Scheme, Body, Secret, Note string
			Headers                    map[string]string
			Valid                      bool
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if v.Scheme != "slack-v0" {
			continue
		}
		h := http.Header{}
		for name, value := range v.Headers {
			h.Set(name, value)
		}
		at := time.Unix(1531420618, 0)
		if err := slack.Verify(v.Secret, h, []byte(v.Body), at); (err == nil) != v.Valid {
			t.Errorf("%s: %v, want valid %v", v.Note, err, v.Valid)
		}
		judged[v.Valid]++
	}
	if lines.Err() != nil || judged[true] == 0 || judged[false] == 0 {
		t.Errorf("judged %v (%v), want some of both", judged, lines.Err())
	}
}

func TestOnlyWhatSlackSignedJustNowIsTaken(t *testing.T) {
	t.Parallel()
	now, body := time.Unix(1_790_000_000, 0), "payload=%7B%7D"
	with := func(name, value string) http.Header {
		h := signed(signingSecret, body, now)
		h.Set(name, value)
		return h
	}
	good := signed(signingSecret, body, now).Get("X-Slack-Signature")
	for name, c := range map[string]struct {
		secret string
		h      http.Header
		body   string
		ok     bool
	}{
		"as it came":           {signingSecret, signed(signingSecret, body, now), body, true},
		"five minutes ago":     {signingSecret, signed(signingSecret, body, now.Add(-5*time.Minute)), body, true},
		"older":                {signingSecret, signed(signingSecret, body, now.Add(-5*time.Minute-time.Second)), body, false},
		"from the future":      {signingSecret, signed(signingSecret, body, now.Add(6*time.Minute)), body, false},
		"another body":         {signingSecret, signed(signingSecret, body, now), body + "&x=1", false},
		"another line end":     {signingSecret, signed(signingSecret, body, now), body + "\n", false},
		"another secret":       {"other", signed(signingSecret, body, now), body, false},
		"no secret":            {"", signed("", body, now), body, false},
		"unsigned":             {signingSecret, http.Header{}, body, false},
		"no time":              {signingSecret, with("X-Slack-Request-Timestamp", "soon"), body, false},
		"another version":      {signingSecret, with("X-Slack-Signature", "v1="+strings.TrimPrefix(good, "v0=")), body, false},
		"no hex":               {signingSecret, with("X-Slack-Signature", "v0=zz"), body, false},
		"a part of the sum":    {signingSecret, with("X-Slack-Signature", good[:20]), body, false},
		"an empty signature":   {signingSecret, with("X-Slack-Signature", "v0="), body, false},
		"a huge timestamp":     {signingSecret, with("X-Slack-Request-Timestamp", strings.Repeat("9", 40)), body, false},
		"time changed by hand": {signingSecret, with("X-Slack-Request-Timestamp", fmt.Sprint(now.Unix()+1)), body, false},
	} {
		if err := slack.Verify(c.secret, c.h, []byte(c.body), now); (err == nil) != c.ok {
			t.Errorf("%s: %v, want taken %v", name, err, c.ok)
		}
	}
}
