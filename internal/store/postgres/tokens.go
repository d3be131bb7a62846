package postgres

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

const tokenColumns = "id, hash, name, scopes, created_at, created_by, expires_at, used_at, revoked_at, revoked_by, follows"

var putToken = upsert("tokens", tokenColumns)

func scanToken(row scanner) (store.Token, error) {
	var k store.Token
	var scopes string
	err := row.Scan(&k.ID, &k.Hash, &k.Name, &scopes, at(&k.CreatedAt), &k.CreatedBy, at(&k.ExpiresAt), at(&k.UsedAt), at(&k.RevokedAt), &k.RevokedBy, &k.Follows)
	k.Scopes = strings.Fields(scopes)
	return k, err
}

// PutToken keeps scopes with a space between; none has one in it.
func (t *tx) PutToken(k store.Token) error {
	return t.put("write token", putToken,
		k.ID, k.Hash, k.Name, strings.Join(k.Scopes, " "), when(k.CreatedAt), k.CreatedBy, when(k.ExpiresAt), when(k.UsedAt), when(k.RevokedAt), k.RevokedBy, k.Follows)
}

func (t *tx) Token(id string) (store.Token, error) {
	return one(t, "read token", scanToken, "SELECT "+tokenColumns+" FROM tokens WHERE id = $1", id)
}

func (t *tx) TokenByHash(hash string) (store.Token, error) {
	return one(t, "read token", scanToken, "SELECT "+tokenColumns+" FROM tokens WHERE hash = $1", hash)
}

func (t *tx) AllTokens() ([]store.Token, error) {
	return all(t, "list tokens", scanToken, "SELECT "+tokenColumns+" FROM tokens ORDER BY created_at NULLS FIRST, id")
}

func scanParked(row scanner) (store.Parked, error) {
	var p store.Parked
	var message []byte
	if err := row.Scan(&message, at(&p.Received)); err != nil {
		return p, err
	}
	return p, decode(message, &p.Message)
}

func (t *tx) Park(m holdfast.Message, received time.Time) (fresh bool, err error) {
	message, err := json.Marshal(m)
	if err != nil {
		return false, fmt.Errorf("encode %s: %w", m.ID, err)
	}
	n, err := t.exec("park message", `INSERT INTO parked (source, id, contact, at, received, message)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`, m.Source, m.ID, m.Contact, when(m.At), when(received), string(message))
	return n == 1, err
}

func (t *tx) CountParked(contact string) (int, error) {
	return one(t, "count parked messages", value[int], "SELECT count(*) FROM parked WHERE contact = $1", contact)
}

const parkedByContact = "SELECT message, received FROM parked WHERE contact = ANY ($1) ORDER BY at NULLS FIRST, source, id"

func (t *tx) Parked(contacts []string) ([]store.Parked, error) {
	return all(t, "list parked messages", scanParked, parkedByContact, contacts)
}

func (t *tx) Unpark(source, id string) error {
	return t.put("unpark message", "DELETE FROM parked WHERE source = $1 AND id = $2", source, id)
}

func (t *tx) ForgetParked(before time.Time, limit int) (int, error) {
	n, err := t.exec("forget parked messages", `DELETE FROM parked WHERE (source, id) IN
		(SELECT source, id FROM parked WHERE received < $1 ORDER BY received, at NULLS FIRST, source, id LIMIT $2)`, when(before), limited(limit))
	return int(n), err
}
