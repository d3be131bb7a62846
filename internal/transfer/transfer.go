// Package transfer takes all that a store remembers to another place: into an
// archive and back (Export, Restore), or straight into another database (Move). It
// reads and writes plain rows of whole tables, so that a new migration needs nothing
// here, and decides two things only: what becomes of touches that were on their way,
// and that enrollments which run begin anew where the engine is another one.
package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"holdfast/internal/store"
)

// Database is one that can be copied: sqlite.Store, postgres.Store.
type Database interface {
	store.Store
	// Schema is the version of its shape, 0 when it is empty, and the newest there is.
	Schema(ctx context.Context) (version, newest int, err error)
	// Migrate brings its shape forward to a version.
	Migrate(ctx context.Context, to int) error
}

// Progress is told of each page of rows; it may be nil. done says that the table is whole.
type Progress func(table string, rows int64, done bool)

func (p Progress) tell(table string, rows int64, done bool) {
	if p != nil {
		p(table, rows, done)
	}
}

// Counted is how many rows a table has, and their checksum.
type Counted struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	Sum   string `json:"sum"`
}

// Sum is a checksum of rows whatever their order: two databases need not sort alike.
// It finds accidents, and changes by hand; it is no signature.
type sum struct {
	rows int64
	hash [4]uint64
}

// add takes one row, encoded.
func (s *sum) add(row []byte) {
	h := sha256.Sum256(row)
	for i := range s.hash {
		s.hash[i] += binary.BigEndian.Uint64(h[8*i:])
	}
	s.rows++
}

func (s *sum) String() string {
	var b [32]byte
	for i, part := range s.hash {
		binary.BigEndian.PutUint64(b[8*i:], part)
	}
	return hex.EncodeToString(b[:])
}

// bulk is the other side of a database's transaction.
func bulk(tx store.Tx) (store.Bulk, error) {
	b, ok := tx.(store.Bulk)
	if !ok {
		return nil, fmt.Errorf("a store of type %T cannot be copied", tx)
	}
	return b, nil
}

// A page is what is written in one transaction: it ends at whichever comes first.
const (
	pageRows  = 500
	pageBytes = 4 << 20
)

// weight is about how many bytes a row takes.
func weight(row []any) int {
	n := 0
	for _, v := range row {
		switch v := v.(type) {
		case string:
			n += len(v)
		case []byte:
			n += len(v)
		}
		n += 8
	}
	return n
}
