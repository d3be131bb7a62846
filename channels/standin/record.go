package standin

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"sync"
	"time"
)

// Entry is one accepted message.
type Entry struct {
	At       time.Time `json:"at"`
	Provider string    `json:"provider"` // sendgrid, slack
	Touch    string    `json:"touch"`
	ID       string    `json:"id"` // the id the provider gave, or would have given
}

// Record counts accepted messages by touch, in memory and in a file, so that
// counts survive both sides. Safe for concurrent use.
type Record struct {
	mu      sync.Mutex
	file    *os.File
	entries []Entry
}

// NewRecord appends to file, after reading what is there; "" keeps no file.
func NewRecord(file string) (*Record, error) {
	r := &Record{}
	if file == "" {
		return r, nil
	}
	entries, err := ReadRecord(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	r.entries = entries
	r.file, err = os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the record: %w", err)
	}
	return r, nil
}

// ReadRecord reads a record's file. A last line cut short by a crash is left out.
func ReadRecord(file string) ([]Entry, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open the record: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	var entries []Entry
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var e Entry
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			entries = append(entries, e)
		}
	}
	return entries, lines.Err()
}

func (r *Record) accept(e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, e)
	if r.file == nil {
		return nil
	}
	_, err = r.file.Write(append(line, '\n'))
	return err
}

// Counts is how often each touch was accepted.
func (r *Record) Counts() map[string]int { return Count(r.Entries()) }

// Entries in the order of acceptance.
func (r *Record) Entries() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Entry(nil), r.entries...)
}

// Close closes the file.
func (r *Record) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// Count counts entries by touch.
func Count(entries []Entry) map[string]int {
	n := make(map[string]int)
	for _, e := range entries {
		n[e.Touch]++
	}
	return n
}

// Twice are the touches of counts that were accepted more than once.
func Twice(counts map[string]int) map[string]int {
	out := maps.Clone(counts)
	maps.DeleteFunc(out, func(_ string, n int) bool { return n < 2 })
	return out
}
