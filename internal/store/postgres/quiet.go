package postgres

import (
	"errors"
	"strings"
	"time"

	"holdfast/internal/store"
)

// Suppress keeps the first of the same kind for the same person or address. A
// later end takes the place of an earlier one.
func (t *tx) Suppress(s store.Suppression) error {
	if s.Contact == "" && s.Address == "" {
		return errors.New("a suppression needs a contact or an address")
	}
	return t.put("suppress", `INSERT INTO suppressions (contact, address, kind, at, until, event) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (contact, address, kind) DO UPDATE SET at = excluded.at, until = excluded.until, event = excluded.event
		WHERE suppressions.until IS NOT NULL AND (excluded.until IS NULL OR excluded.until > suppressions.until)`,
		s.Contact, strings.ToLower(s.Address), s.Kind, when(s.At), when(s.Until), s.Event)
}

func (t *tx) Unsuppress(contact, address, kind string) error {
	return t.put("unsuppress", `DELETE FROM suppressions WHERE kind = $1
		AND (contact <> '' AND contact = $2 OR address <> '' AND address = $3)`, kind, contact, strings.ToLower(address))
}

func scanSuppression(row scanner) (store.Suppression, error) {
	var s store.Suppression
	return s, row.Scan(&s.Contact, &s.Address, &s.Kind, at(&s.At), at(&s.Until), &s.Event)
}

func (t *tx) AllSuppressions(limit int) ([]store.Suppression, error) {
	return all(t, "list suppressions", scanSuppression, `SELECT contact, address, kind, at, until, event FROM suppressions
		ORDER BY at NULLS FIRST, kind, contact, address LIMIT $1`, limited(limit))
}

// Suppressions are by At, then Kind.
func (t *tx) Suppressions(contact, address string) ([]store.Suppression, error) {
	return all(t, "list suppressions", scanSuppression, `SELECT contact, address, kind, at, until, event FROM suppressions WHERE contact <> '' AND contact = $1
		UNION SELECT contact, address, kind, at, until, event FROM suppressions WHERE address <> '' AND address = $2
		ORDER BY at NULLS FIRST, kind`, contact, strings.ToLower(address))
}

func (t *tx) PutRest(r store.Rest) error {
	return t.put("write rest", `INSERT INTO rests (account, scope, until, reason, unless, enrollment)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account, scope) DO UPDATE SET
		until = excluded.until, reason = excluded.reason, unless = excluded.unless, enrollment = excluded.enrollment
		WHERE rests.until IS NOT NULL AND (excluded.until IS NULL OR excluded.until > rests.until)`,
		r.Account, r.Scope, when(r.Until), r.Reason, r.Unless, r.Enrollment)
}

func scanRest(row scanner) (store.Rest, error) {
	var r store.Rest
	return r, row.Scan(&r.Account, &r.Scope, at(&r.Until), &r.Reason, &r.Unless, &r.Enrollment)
}

// Rests are those that last beyond now, by Scope.
func (t *tx) Rests(account string, now time.Time) ([]store.Rest, error) {
	return all(t, "list rests", scanRest, `SELECT account, scope, until, reason, unless, enrollment FROM rests
		WHERE account = $1 AND (until IS NULL OR until > $2) ORDER BY scope`, account, now)
}
