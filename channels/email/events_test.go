package email_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/channels/email"
)

// vector is a signed call that others have made.
type vector struct {
	Scheme, Body, Secret, Note string
	Headers                    map[string]string
	Valid                      bool
}

// TestSignaturesAreJudgedAsOthersMakeThem reads
// $HOLDFAST_CONFORMANCE/signatures/vectors.jsonl, SendGrid's own among them.
func TestSignaturesAreJudgedAsOthersMakeThem(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("HOLDFAST_CONFORMANCE")
	if dir == "" {
		t.Skip("HOLDFAST_CONFORMANCE names no folder with vectors")
	}
	f, err := os.Open(filepath.Join(dir, "signatures", "vectors.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	seen := map[bool]int{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if v.Scheme != "sendgrid-ecdsa" {
			continue
		}
		seen[v.Valid]++
		key, err := email.ParseKey(v.Secret)
		if err != nil {
			t.Fatal(err)
		}
		signature, stamp := v.Headers[email.SignatureHeader], v.Headers[email.TimestampHeader]
		digest := email.NewDigest(stamp)
		_, _ = digest.Write([]byte(v.Body))
		if key.Verify([]byte(v.Body), signature, stamp) != v.Valid || key.Signed(digest, signature) != v.Valid {
			t.Errorf("%s: want %v", v.Note, v.Valid)
		}
		for name, changed := range map[string][3]string{
			"another body": {v.Body + " ", signature, stamp}, "another time": {v.Body, signature, stamp + "0"}, "no time": {v.Body, signature, ""},
			"no signature": {v.Body, "", stamp}, "no base64": {v.Body, "%", stamp}, "no DER": {v.Body, "AAAA", stamp},
		} {
			digest := email.NewDigest(changed[2])
			_, _ = digest.Write([]byte(changed[0]))
			if key.Verify([]byte(changed[0]), changed[1], changed[2]) || key.Signed(digest, changed[1]) {
				t.Errorf("%s: taken", name)
			}
		}
	}
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("saw %v: want vectors of both kinds", seen)
	}
}

func TestAKeyOfAnotherKindIsNamed(t *testing.T) {
	t.Parallel()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, public := range map[string]any{"RSA": &r.PublicKey, "P-384": &e.PublicKey} {
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := email.ParseKey(base64.StdEncoding.EncodeToString(der)); err == nil || !strings.Contains(err.Error(), "verification key") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for _, text := range []string{"", "%", "AAAA"} {
		if _, err := email.ParseKey(text); err == nil {
			t.Errorf("%q: taken", text)
		}
	}
}

func TestEveryKindOfEventIsRead(t *testing.T) {
	t.Parallel()
	touch := holdfast.TouchID("e1", "opening", "email", "dana")
	of := func(rest string) string {
		return `{"email":"dana@acme.example","timestamp":1790000000,"touch":"` + touch + `","sg_message_id":"m1.recv-1-2.0","sg_event_id":"x",` + rest + `}`
	}
	body := "[" + strings.Join([]string{
		of(`"event":"processed"`), of(`"event":"deferred","response":"400 try dana@acme.example again"`), of(`"event":"delivered"`),
		of(`"event":"bounce","type":"bounce","bounce_classification":"Invalid Address","reason":"550 no <dana@acme.example>"`),
		of(`"event":"bounce","type":"blocked","reason":"450"`), of(`"event":"dropped","reason":"Bounced Address"`), of(`"event":"open"`),
		of(`"event":"open","sg_machine_open":true`), of(`"event":"click","url":"https://x.example/p?who=dana#there"`), of(`"event":"spamreport"`),
		of(`"event":"unsubscribe"`), of(`"event":"group_unsubscribe","asm_group_id":12`), of(`"event":"group_resubscribe","asm_group_id":12`),
	}, ",") + "]\r\n"
	got, err := email.ReadEvents([]byte(body))
	if err != nil || got.Malformed+got.Unknown > 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	var said []string
	for _, s := range got.Sightings {
		if s.Touch != touch || s.Message != "m1" || s.Address != "dana@acme.example" || s.At.Unix() != 1790000000 {
			t.Errorf("%+v", s)
		}
		said = append(said, strings.TrimRight(fmt.Sprintf("%s | %s | %s | %s", s.Kind, s.Detail, s.Mark, s.Via), " |"))
	}
	want := []string{
		"processed", "deferred | 400 try [address] again", "delivered", "bounced | Invalid Address: 550 no [address]", "blocked | 450",
		"dropped | Bounced Address |  | bounced", "opened", "machine_opened",
		"clicked | https://x.example/p | https://x.example/p?who=dana#there", "complained |  |  | sendgrid", "unsubscribed |  |  | sendgrid",
		"group_unsubscribed |  |  | sendgrid group 12", "group_resubscribed |  |  | sendgrid group 12",
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
}

func TestABadEventSpoilsNoOther(t *testing.T) {
	t.Parallel()
	got, err := email.ReadEvents([]byte(`[7, null, "x", {"event":"delivered"}, {"event":"delivered","timestamp":"soon","touch":"t1"},
	  {"event":"delivered","timestamp":1e3,"touch":"t1"}, {"event":"delivered","timestamp":-1,"touch":"t1"}, {"event":"delivered","timestamp":1790000000},
	  {"event":"account_status_change","timestamp":1790000000}, {"event":7}, {"event":"delivered","timestamp":1790000000,"touch":7,"sg_message_id":"m2.x"},
	  {"event":"delivered","timestamp":"1790000001","touch":"t1","sg_message_id":7}]`))
	want := []holdfast.Sighting{
		{Kind: holdfast.Delivered, Message: "m2", At: time.Unix(1790000000, 0).UTC()},
		{Kind: holdfast.Delivered, Touch: "t1", At: time.Unix(1790000001, 0).UTC()},
	}
	if err != nil || got.Malformed != 8 || got.Unknown != 2 {
		t.Errorf("%d malformed, %d unknown, %v", got.Malformed, got.Unknown, err)
	}
	if diff := cmp.Diff(want, got.Sightings); diff != "" {
		t.Error(diff)
	}
	for _, body := range []string{"", "null", `{"event":"open"}`, "[", `[{"event":"open"}] x`} {
		if _, err := email.ReadEvents([]byte(body)); err == nil {
			t.Errorf("%q: no error", body)
		}
	}
}

func TestTheSameEventHasOneKeyWhateverItsID(t *testing.T) {
	t.Parallel()
	key := func(event string) string {
		all, err := email.ReadEvents([]byte("[" + event + "]"))
		if err != nil || len(all.Sightings) != 1 {
			t.Fatalf("%s: %+v %v", event, all, err)
		}
		return all.Sightings[0].Key("t1")
	}
	first := `{"event":"click","url":"https://x.example/a","timestamp":1790000000,"touch":"t1","sg_message_id":"m1.0","sg_event_id":"a"}`
	for name, c := range map[string]struct {
		event string
		same  bool
	}{
		"another event id":           {strings.Replace(first, `"sg_event_id":"a"`, `"sg_event_id":"b"`, 1), true},
		"another filter in its name": {strings.Replace(first, "m1.0", "m1.recv7.1", 1), true},
		"another link":               {strings.Replace(first, "/a", "/b", 1), false},
		"another second":             {strings.Replace(first, "1790000000", "1790000001", 1), false},
		"another kind":               {strings.Replace(first, "click", "delivered", 1), false},
		"another message":            {strings.Replace(first, "m1.0", "m2.0", 1), false},
	} {
		if (key(c.event) == key(first)) != c.same {
			t.Errorf("%s: same must be %v", name, c.same)
		}
	}
}

func FuzzEventsNeverPanic(f *testing.F) {
	f.Add([]byte(`[{"event":"open","timestamp":1790000000,"touch":"t1","sg_message_id":"m1.0"}]`))
	f.Add([]byte(`[{"event":"click","url":"%zz","timestamp":"1","touch":"t1"}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		all, err := email.ReadEvents(body)
		for _, s := range all.Sightings {
			if err != nil || strings.Contains(s.Detail, "@") || s.At.IsZero() {
				t.Errorf("%x: %+v %v", sha256.Sum256(body), s, err)
			}
		}
	})
}
