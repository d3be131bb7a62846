package sources

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// verifyHubSpot: version 3 where it is given; its time is in milliseconds.
// Webhooks of some apps carry versions 1 or 2 alone, which have no time: for
// those the id of each event is the guard against what is played again. Source:
// https://developers.hubspot.com/docs/api/webhooks/validating-requests
func verifyHubSpot(r Request, secrets []string) error {
	const name = "X-HubSpot-Signature"
	v3 := r.Header.Get(name + "-v3")
	if v3 == "" {
		return verifyHubSpotPlain(r, secrets)
	}
	stamp := r.Header.Get("X-HubSpot-Request-Timestamp")
	at, ok := unix(stamp, time.Millisecond)
	if !ok {
		return errMissing("X-HubSpot-Request-Timestamp")
	}
	if err := fresh(at, r.At); err != nil {
		return err
	}
	uri := []byte(hubspotURI(r.URL))
	return signed(secrets, [][]byte{unbase64(v3)}, func(secret string) []byte {
		return mac(sha256.New, []byte(secret), []byte(r.Method), uri, r.Body, []byte(stamp))
	})
}

// verifyHubSpotPlain: hex SHA-256 of the secret, in version 2 the method and the
// address, and the body.
func verifyHubSpotPlain(r Request, secrets []string) error {
	const name = "X-HubSpot-Signature"
	header := r.Header.Get(name)
	if header == "" {
		return errMissing(name + "-v3")
	}
	between := ""
	switch r.Header.Get(name + "-Version") {
	case "", "v1":
	case "v2":
		between = r.Method + r.URL
	default:
		return errors.New("the header X-HubSpot-Signature-Version names a version that is not known")
	}
	given, err := hex.DecodeString(header)
	if err != nil {
		return errNoMatch
	}
	return signed(secrets, [][]byte{given}, func(secret string) []byte {
		h := sha256.New()
		h.Write([]byte(secret + between))
		h.Write(r.Body)
		return h.Sum(nil)
	})
}

// hubspotPlain are the escapes that HubSpot undoes before it signs.
var hubspotPlain = strings.NewReplacer(
	"%3A", ":", "%2F", "/", "%3F", "?", "%40", "@", "%21", "!", "%24", "$", "%27", "'",
	"%28", "(", "%29", ")", "%2A", "*", "%2C", ",", "%3B", ";",
	"%3a", ":", "%2f", "/", "%3f", "?", "%2a", "*", "%2c", ",", "%3b", ";",
)

func hubspotURI(url string) string { return hubspotPlain.Replace(url) }
