package transfer

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"holdfast/internal/store"
)

// An archive is gzip over lines of JSON: a header, then for each table a line that
// names it, a line a row (an array, in the order of the header's columns) and a line
// that ends it with count and checksum, then a line that ends the archive.

// format is the version of that.
const format = 1

// archiveWord marks a header.
const archiveWord = "archive"

// Header is the first line of an archive.
type Header struct {
	Holdfast string        `json:"holdfast"` // archive
	Format   int           `json:"format"`
	Schema   int           `json:"schema"` // the last migration of the store
	Clock    string        `json:"clock"`  // production, virtual
	Made     time.Time     `json:"made"`
	Tables   []store.Table `json:"tables"`
}

// line is one of the others that is no row.
type line struct {
	Table string `json:"table,omitempty"` // rows of it follow
	End   string `json:"end,omitempty"`   // a table, or "archive"
	Rows  int64  `json:"rows,omitempty"`
	Sum   string `json:"sum,omitempty"`
	All   int    `json:"tables,omitempty"`
}

// Export writes everything that a database holds, as one moment saw it, while others
// go on writing. What it has not got round to when ctx ends is not written, and the
// archive then says so to whoever restores it. The sums are those of the archive. A
// store that is still being filled is refused, with code conflict; one that was moved
// away is whole, as the move found it.
func Export(ctx context.Context, from Database, to io.Writer, clock string, now time.Time, told Progress) ([]Counted, error) {
	z := gzip.NewWriter(to)
	var sums []Counted
	err := from.View(ctx, func(tx store.Tx) error {
		sums = nil
		if err := whole(tx); err != nil {
			return err
		}
		b, err := bulk(tx)
		if err != nil {
			return err
		}
		h := Header{Holdfast: archiveWord, Format: format, Clock: clock, Made: now.UTC()}
		if h.Schema, err = b.Shape(); err != nil {
			return err
		}
		if h.Tables, err = b.Tables(); err != nil {
			return err
		}
		if err := writeJSON(z, h); err != nil {
			return err
		}
		var total int64
		for _, t := range h.Tables {
			c, err := exportTable(ctx, b, t, z, told)
			if err != nil {
				return err
			}
			sums, total = append(sums, c), total+c.Rows
		}
		return writeJSON(z, line{End: archiveWord, Rows: total, All: len(h.Tables)})
	})
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return sums, nil
}

func exportTable(ctx context.Context, b store.Bulk, t store.Table, to io.Writer, told Progress) (Counted, error) {
	c := Counted{Table: t.Name}
	if err := writeJSON(to, line{Table: t.Name}); err != nil {
		return c, err
	}
	var s sum
	err := b.Rows(t, nil, 0, func(row []any) (bool, error) {
		if private(t, row) {
			return true, nil
		}
		text, err := encode(row)
		if err != nil {
			return false, fmt.Errorf("table %s: %w", t.Name, err)
		}
		s.add(text)
		if s.rows%pageRows == 0 {
			told.tell(t.Name, s.rows, false)
			if err := ctx.Err(); err != nil {
				return false, err
			}
		}
		_, err = to.Write(append(text, '\n'))
		return true, err
	})
	if err != nil {
		return c, err
	}
	told.tell(t.Name, s.rows, true)
	c.Rows, c.Sum = s.rows, s.String()
	return c, writeJSON(to, line{End: t.Name, Rows: s.rows, Sum: c.Sum})
}

func writeJSON(to io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = to.Write(append(text, '\n'))
	return err
}
