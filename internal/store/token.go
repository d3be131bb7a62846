package store

import (
	"time"

	"holdfast"
)

// Token lets a caller in. What it shows is never kept: Hash is of it.
type Token struct {
	ID        string
	Hash      string // hex SHA-256 of what the caller shows
	Name      string // who has it, in words
	Scopes    []string
	CreatedAt time.Time
	CreatedBy string
	ExpiresAt time.Time // zero: never
	UsedAt    time.Time // to the minute; zero: never
	RevokedAt time.Time // zero: not
	RevokedBy string
	Follows   string // the token that it took the place of
}

// Tokens remembers who may call. A token is never forgotten, so that what it did
// can be told from when it was whose.
type Tokens interface {
	PutToken(t Token) error // upsert by ID; a Hash is of one ID alone
	Token(id string) (Token, error)
	TokenByHash(hash string) (Token, error)
	AllTokens() ([]Token, error) // by CreatedAt, ID
}

// Parked is a message about a person whose account nobody has said yet.
type Parked struct {
	holdfast.Message
	Received time.Time
}

// Parking keeps such messages until somebody says it.
type Parking interface {
	// Park keeps m, which names a contact, once for each (source, id); fresh is false,
	// and nothing changes, when it was there already.
	Park(m holdfast.Message, received time.Time) (fresh bool, err error)
	CountParked(contact string) (int, error)
	Parked(contacts []string) ([]Parked, error) // by At, Source, ID
	Unpark(source, id string) error
	// ForgetParked drops those received before a moment, the oldest first, at most limit (0: all).
	ForgetParked(before time.Time, limit int) (n int, err error)
}
