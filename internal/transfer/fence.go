package transfer

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// Rows of Meta that are about a copy and are never copied themselves.
const (
	// metaMoved is in a store whose rows went elsewhere, or are on their way: it is
	// not used any more.
	metaMoved = "moved"
	// metaIncoming is in a database that is being filled: it is not used yet.
	metaIncoming = "incoming"
	// metaArrived is in one that a move has filled: the id of that move.
	metaArrived = "arrived"
)

// metaTable is the table of Meta; its column key names a row.
const metaTable = "meta"

// Rows of Meta about the engine that runs the enrollments.
const (
	// MetaEngine is the id of the Temporal namespace in which they run.
	MetaEngine = "engine"
	// metaFormer are ids of those in which they ran before they were copied, by
	// comma: workflows of the same ids are there, which know nothing of this store.
	metaFormer = "engines_before"
)

// Gone is what a store that was moved remembers of it.
type Gone struct {
	ID   string    `json:"id"`
	To   string    `json:"to"` // where, in words; no secret
	At   time.Time `json:"at"` // when it was done, or begun
	Done bool      `json:"done"`
}

// incoming is how far a copy into a database has come.
type incoming struct {
	ID    string    `json:"id"`
	What  string    `json:"what"` // restore, move
	At    time.Time `json:"at"`
	Made  bool      `json:"made,omitempty"`  // restore: it made the tables
	Table string    `json:"table,omitempty"` // move: the table being copied
	After []byte    `json:"after,omitempty"` // the key of its last row that is there, encoded
	Whole bool      `json:"whole,omitempty"` // all rows are there and were compared
	// Tables are what was compared.
	Tables []Counted `json:"tables,omitempty"`
}

// Admit refuses a store that was moved away, or that is not whole yet. The error has
// code conflict and says what to do.
func Admit(tx store.Tx) error {
	gone, err := GoneOf(tx)
	if err != nil {
		return err
	}
	if gone != nil {
		return refuseGone(*gone)
	}
	return whole(tx)
}

// whole refuses a store that is still being filled.
func whole(tx store.Tx) error {
	in, err := incomingOf(tx)
	if err != nil || in == nil {
		return err
	}
	return refuseIncoming(*in)
}

func refuseIncoming(in incoming) *holdfast.Error {
	e := holdfast.Errorf(holdfast.Conflict, "a %s into this database was begun on %s and is not done", in.What, in.At.UTC().Format(time.RFC3339))
	e.Hint = "run the same holdfast " + in.What + " again"
	return e
}

func refuseGone(g Gone) error {
	at := g.At.UTC().Format(time.RFC3339)
	if !g.Done {
		e := holdfast.Errorf(holdfast.Conflict, "this store is being moved to %s since %s", g.To, at)
		e.Hint = "run the same holdfast move again to finish it, or holdfast move --cancel to stay"
		return e
	}
	e := holdfast.Errorf(holdfast.Conflict, "this store was moved to %s on %s", g.To, at)
	e.Hint = "set HOLDFAST_DATABASE_URL, and what else names that place"
	return e
}

// GoneOf is nil for a store that was not moved.
func GoneOf(tx store.Tx) (*Gone, error) {
	var g Gone
	ok, err := note(tx, metaMoved, &g)
	if err != nil || !ok {
		return nil, err
	}
	return &g, nil
}

func incomingOf(tx store.Tx) (*incoming, error) {
	var in incoming
	ok, err := note(tx, metaIncoming, &in)
	if err != nil || !ok {
		return nil, err
	}
	return &in, nil
}

// note reads a row of Meta that is JSON; ok is false when there is none.
func note(tx store.Tx, key string, into any) (ok bool, err error) {
	text, err := tx.MetaGet(key)
	if err != nil || text == "" {
		return false, err
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return false, fmt.Errorf("read %s: %w", key, err)
	}
	return true, nil
}

func setNote(tx store.Tx, key string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.MetaSet(key, string(text))
}

// private reports whether a row is one of Meta's that stay where they are.
func private(t store.Table, row []any) bool {
	if t.Name != metaTable {
		return false
	}
	key, _ := t.KeyOf(row)[0].(string)
	return key == metaMoved || key == metaIncoming || key == metaArrived
}

// RanIn reports whether the enrollments of a store ran in an engine before they were
// copied into it. There the same workflow ids are taken.
func RanIn(tx store.Tx, engine string) (bool, error) {
	former, err := tx.MetaGet(metaFormer)
	if err != nil {
		return false, fmt.Errorf("read where enrollments ran before: %w", err)
	}
	for id := range strings.SplitSeq(former, ",") {
		if id == engine && engine != "" {
			return true, nil
		}
	}
	return false, nil
}

// leaveEngine forgets where the enrollments run, and remembers that they did. next
// is where they run from now on, "" for whichever comes.
func leaveEngine(tx store.Tx, next string) error {
	was, err := tx.MetaGet(MetaEngine)
	if err != nil {
		return err
	}
	if was != "" && was != next {
		former, err := tx.MetaGet(metaFormer)
		if err != nil {
			return err
		}
		if known, err := RanIn(tx, was); err != nil {
			return err
		} else if !known {
			if err := tx.MetaSet(metaFormer, strings.TrimPrefix(former+","+was, ",")); err != nil {
				return err
			}
		}
	}
	return tx.MetaSet(MetaEngine, next)
}
