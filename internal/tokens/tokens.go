// Package tokens is who may call, and for what: high-entropy tokens that are
// shown once and kept as a hash. It changes rows in the caller's transaction,
// and holds no clock. To add a scope, add it to Scopes.
package tokens

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// Scopes that a token may have. Ingest has the name of a source behind it.
const (
	Ingest  = "ingest:" // hand in what happens, as the source named behind it
	Metrics = "metrics" // read the metrics
)

// prefix makes a token known to those who look for leaked ones.
const prefix = "hf_"

// secretBytes is more than anybody guesses, so that a plain hash of it is enough:
// a slow one protects what people choose (NIST SP 800-63B, 5.1.2.2).
const secretBytes = 32

// precision of UsedAt: a write a minute, not one a call.
const precision = time.Minute

var sourceName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// New is a token to make.
type New struct {
	Name    string // who has it, in words
	Scopes  []string
	By      string
	Expires time.Time // zero: never
}

// Create makes a token. secret is what its holder shows: it is nowhere else.
func Create(tx store.Tx, n New, now time.Time) (secret string, t store.Token, err error) {
	if len(n.Scopes) == 0 {
		return "", t, invalid("a token needs a scope", "write --scope ingest:SOURCE or metrics")
	}
	for _, s := range n.Scopes {
		if err := validScope(s); err != nil {
			return "", t, err
		}
	}
	if !n.Expires.IsZero() && !n.Expires.After(now) {
		return "", t, invalid("a token cannot be over before it begins", "let it expire later, or leave that out")
	}
	secret, id := draw()
	t = store.Token{
		ID: id, Hash: Hash(secret), Name: n.Name, Scopes: slices.Compact(slices.Sorted(slices.Values(n.Scopes))),
		CreatedAt: now, CreatedBy: n.By, ExpiresAt: n.Expires,
	}
	return secret, t, tx.PutToken(t)
}

// Rotate makes a token that takes the place of another: same scopes, and as long
// a life from now on. The old one still lets in for overlap.
func Rotate(tx store.Tx, id, by string, overlap time.Duration, now time.Time) (secret string, t store.Token, err error) {
	old, err := known(tx, id)
	if err != nil {
		return "", t, err
	}
	if why := over(old, now); why != "" {
		return "", t, invalid(fmt.Sprintf("token %s %s", id, why), "make a new one: holdfast tokens create")
	}
	n := New{Name: old.Name, Scopes: old.Scopes, By: by}
	if !old.ExpiresAt.IsZero() {
		n.Expires = now.Add(old.ExpiresAt.Sub(old.CreatedAt))
	}
	if secret, t, err = Create(tx, n, now); err != nil {
		return "", t, err
	}
	t.Follows = old.ID
	if end := now.Add(overlap); old.ExpiresAt.IsZero() || end.Before(old.ExpiresAt) {
		old.ExpiresAt = end
	}
	return secret, t, errors.Join(tx.PutToken(t), tx.PutToken(old))
}

// Revoke ends a token at once. Again, it changes nothing.
func Revoke(tx store.Tx, id, by string, now time.Time) error {
	t, err := known(tx, id)
	if err != nil || !t.RevokedAt.IsZero() {
		return err
	}
	t.RevokedAt, t.RevokedBy = now, by
	return tx.PutToken(t)
}

// Open is the token that secret is of. The error has the code unauthorized, and
// tells a caller whose token is over when and how it ended, but nothing to others.
func Open(tx store.Tx, secret string, now time.Time) (store.Token, error) {
	t, err := tx.TokenByHash(Hash(secret))
	if errors.Is(err, store.ErrNotFound) || err == nil && secret == "" {
		return store.Token{}, holdfast.Errorf(holdfast.Unauthorized, "the key is not known")
	}
	if err != nil {
		return store.Token{}, fmt.Errorf("read token: %w", err)
	}
	if why := over(t, now); why != "" {
		return store.Token{}, holdfast.Errorf(holdfast.Unauthorized, "the key %s", why)
	}
	return t, nil
}

// Used notes that t let somebody in, at most once a minute.
func Used(tx store.Tx, t store.Token, now time.Time) error {
	now = now.Truncate(precision)
	if !now.After(t.UsedAt) {
		return nil
	}
	t, err := tx.Token(t.ID) // it may have been changed since it was read
	if err != nil {
		return fmt.Errorf("read token: %w", err)
	}
	t.UsedAt = now
	return tx.PutToken(t)
}

// Source that a token hands in for; "" is none. The first of several counts.
func Source(t store.Token) string {
	for _, s := range t.Scopes {
		if name, ok := strings.CutPrefix(s, Ingest); ok {
			return name
		}
	}
	return ""
}

// Has reports whether t is for a scope.
func Has(t store.Token, scope string) bool { return slices.Contains(t.Scopes, scope) }

// State of a token at a moment, in a word: active, expired or revoked.
func State(t store.Token, now time.Time) string {
	switch {
	case !t.RevokedAt.IsZero():
		return "revoked"
	case !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(now):
		return "expired"
	}
	return "active"
}

// Hash is how a secret is kept.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Match reports whether what a caller shows is a secret, in a time that tells nothing
// of either. No secret matches nothing.
func Match(shown, secret string) bool {
	x, y := sha256.Sum256([]byte(shown)), sha256.Sum256([]byte(secret))
	return secret != "" && subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func over(t store.Token, now time.Time) string {
	switch State(t, now) {
	case "revoked":
		return "was revoked on " + t.RevokedAt.Format(time.DateOnly)
	case "expired":
		return "ended on " + t.ExpiresAt.Format(time.DateOnly)
	}
	return ""
}

func known(tx store.Tx, id string) (store.Token, error) {
	t, err := tx.Token(id)
	if errors.Is(err, store.ErrNotFound) {
		e := holdfast.Errorf(holdfast.NotFound, "there is no token %q", id)
		e.Hint = "holdfast tokens list shows the ids"
		return t, e
	}
	if err != nil {
		return t, fmt.Errorf("read token: %w", err)
	}
	return t, nil
}

func validScope(s string) error {
	if name, ok := strings.CutPrefix(s, Ingest); ok && sourceName.MatchString(name) || s == Metrics {
		return nil
	}
	return invalid(fmt.Sprintf("there is no scope %q", s), "write ingest:SOURCE or metrics")
}

func invalid(text, hint string) error {
	e := holdfast.Errorf(holdfast.Invalid, "%s", text)
	e.Hint = hint
	return e
}

// draw is a new secret and an id.
func draw() (secret, id string) {
	b := make([]byte, secretBytes+5)
	_, _ = rand.Read(b) // it never fails (crypto/rand)
	id = "tok_" + strings.ToLower(base32.StdEncoding.EncodeToString(b[secretBytes:]))
	return prefix + base64.RawURLEncoding.EncodeToString(b[:secretBytes]), id
}
