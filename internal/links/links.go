// Package links signs what leads back to us from a mail: unsubscribe links and
// reply addresses. A token names one touch for one purpose, cannot be guessed,
// and holds as long as the key that signed it is kept.
package links

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// Purposes of a token: one for a purpose says nothing for another.
const (
	Unsubscribe = "unsubscribe"
	Reply       = "reply"
)

// Keys sign with the first and know tokens of every one: a new key goes in front,
// and an old one stays for as long as its links must work, which is a year or
// more. Safe for concurrent use while nobody changes it.
type Keys [][]byte

const (
	touchLength = 26 // of holdfast.TouchID
	macLength   = 26 // 130 bits
)

// Token for one touch: 52 lower-case letters and digits, which survive mail
// servers that fold case, and fit a local part of 64 behind "reply+".
func (k Keys) Token(purpose, touch string) string {
	if len(k) == 0 {
		return ""
	}
	return touch + mac(k[0], purpose, touch)
}

// Open is the touch that a token of ours names. Case does not count.
func (k Keys) Open(purpose, token string) (touch string, ok bool) {
	token = strings.ToLower(token)
	if len(token) != touchLength+macLength {
		return "", false
	}
	touch = token[:touchLength]
	for _, key := range k {
		if hmac.Equal([]byte(mac(key, purpose, touch)), []byte(token[touchLength:])) {
			ok = true
		}
	}
	if !ok {
		return "", false
	}
	return touch, true
}

func mac(key []byte, purpose, touch string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(purpose + "\x1f" + touch))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)))[:macLength]
}
