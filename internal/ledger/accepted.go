package ledger

import (
	"bufio"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// acceptance is a line of a provider's record.
type acceptance struct {
	Provider string `json:"provider"`
	Touch    string `json:"touch"`
	ID       string `json:"id"`
}

// key is a touch in 16 bytes: 128 of the 130 bits of its hash.
type key [16]byte

func keyOf(touch string) key {
	var k key
	if b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(touch)); err == nil && len(b) == len(k) {
		copy(k[:], b)
		return k
	}
	sum := sha256.Sum256([]byte(touch))
	copy(k[:], sum[:])
	return k
}

// accepted is a provider's record of what it took. It keeps 17 bytes for each
// touch, so that a record of a million touches takes some 40 MB.
type accepted struct {
	file   string
	offset int64 // as far as it was read
	lines  int
	counts map[key]uint8 // times, at most 127; the highest bit: the ledger names it
}

const named = 0x80

func openAccepted(file string) (*accepted, error) {
	a := &accepted{file: file, counts: map[key]uint8{}}
	return a, a.more()
}

// more reads what was appended since. A last line without its end is left for later.
func (a *accepted) more() error {
	return a.each(a.offset, func(e acceptance, end int64) error {
		k := keyOf(e.Touch)
		if n := a.counts[k]; n&^named < named-1 {
			a.counts[k] = n + 1
		}
		a.lines, a.offset = a.lines+1, end
		return nil
	})
}

// each gives fn the lines from an offset on.
func (a *accepted) each(from int64, fn func(e acceptance, end int64) error) error {
	f, err := os.Open(a.file)
	if err != nil {
		return fmt.Errorf("open what the provider accepted: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return fmt.Errorf("read what the provider accepted: %w", err)
	}
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read what the provider accepted: %w", err)
		}
		from += int64(len(line))
		var e acceptance
		if err := json.Unmarshal(line, &e); err != nil {
			continue // cut short by a crash of whoever wrote it
		}
		if e == (acceptance{}) {
			return fmt.Errorf("%s: the line that ends at byte %d is no acceptance: expected {\"provider\": …, \"touch\": …, \"id\": …}", a.file, from)
		}
		if err := fn(e, from); err != nil {
			return err
		}
	}
}

// times that a touch was accepted; it is named by the ledger from then on.
func (a *accepted) times(touch string) int {
	k := keyOf(touch)
	n, ok := a.counts[k]
	if ok {
		a.counts[k] = n | named
	}
	return int(n &^ named)
}

// unnamed gives fn each acceptance that nothing asked for.
func (a *accepted) unnamed(fn func(acceptance) error) error {
	return a.each(0, func(e acceptance, end int64) error {
		if end > a.offset || a.counts[keyOf(e.Touch)]&named != 0 {
			return nil
		}
		return fn(e)
	})
}
