package sqlite

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

const tokenColumns = "id, hash, name, scopes, created_at, created_by, expires_at, used_at, revoked_at, revoked_by, follows"

func scanToken(row scanner) (store.Token, error) {
	var k store.Token
	var scopes string
	err := row.Scan(&k.ID, &k.Hash, &k.Name, &scopes, at(&k.CreatedAt), &k.CreatedBy, at(&k.ExpiresAt), at(&k.UsedAt), at(&k.RevokedAt), &k.RevokedBy, &k.Follows)
	k.Scopes = strings.Fields(scopes)
	return k, err
}

// PutToken keeps scopes with a space between; none has one in it.
func (t *tx) PutToken(k store.Token) error {
	return t.put("write token", `INSERT INTO tokens (`+tokenColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, name = excluded.name, scopes = excluded.scopes, created_at = excluded.created_at,
		created_by = excluded.created_by, expires_at = excluded.expires_at, used_at = excluded.used_at, revoked_at = excluded.revoked_at,
		revoked_by = excluded.revoked_by, follows = excluded.follows`,
		k.ID, k.Hash, k.Name, strings.Join(k.Scopes, " "), micros(k.CreatedAt), k.CreatedBy, micros(k.ExpiresAt), micros(k.UsedAt), micros(k.RevokedAt), k.RevokedBy, k.Follows)
}

func (t *tx) Token(id string) (store.Token, error) {
	return one(t, "read token", scanToken, "SELECT "+tokenColumns+" FROM tokens WHERE id = ?", id)
}

func (t *tx) TokenByHash(hash string) (store.Token, error) {
	return one(t, "read token", scanToken, "SELECT "+tokenColumns+" FROM tokens WHERE hash = ?", hash)
}

func (t *tx) AllTokens() ([]store.Token, error) {
	return all(t, "list tokens", scanToken, "SELECT "+tokenColumns+" FROM tokens ORDER BY created_at, id")
}

func scanParked(row scanner) (store.Parked, error) {
	var p store.Parked
	var message []byte
	if err := row.Scan(&message, at(&p.Received)); err != nil {
		return p, err
	}
	return p, decode(string(message), &p.Message)
}

func (t *tx) Park(m holdfast.Message, received time.Time) (fresh bool, err error) {
	message, err := json.Marshal(m)
	if err != nil {
		return false, fmt.Errorf("encode %s: %w", m.ID, err)
	}
	n, err := t.exec("park message", `INSERT INTO parked (source, id, contact, at, received, message)
		VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, m.Source, m.ID, m.Contact, micros(m.At), micros(received), string(message))
	return n == 1, err
}

func (t *tx) CountParked(contact string) (int, error) {
	return one(t, "count parked messages", value[int], "SELECT count(*) FROM parked WHERE contact = ?", contact)
}

func (t *tx) Parked(contacts []string) ([]store.Parked, error) {
	var found []store.Parked
	err := inEach(t, "list parked messages", func(row scanner) error {
		p, err := scanParked(row)
		found = append(found, p)
		return err
	}, "SELECT message, received FROM parked WHERE contact IN "+among+" ORDER BY at, source, id", contacts)
	return found, err
}

func (t *tx) Unpark(source, id string) error {
	return t.put("unpark message", "DELETE FROM parked WHERE source = ? AND id = ?", source, id)
}

func (t *tx) ForgetParked(before time.Time, limit int) (int, error) {
	n, err := t.exec("forget parked messages", `DELETE FROM parked WHERE (source, id) IN
		(SELECT source, id FROM parked WHERE received < ? ORDER BY received, at, source, id LIMIT ?)`, micros(before), limited(limit))
	return int(n), err
}
