package transfer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"holdfast"
	"holdfast/internal/store"
)

// longestLine of an archive: a release with all its files is the longest there is.
const longestLine = 256 << 20

// reader goes through an archive and knows where it is.
type reader struct {
	name   string
	lines  *bufio.Reader
	header Header
	n      int    // lines read
	table  string // being read
}

// openArchive reads the header. name is how errors call the archive, newest the
// newest schema that may be in it.
func openArchive(name string, from io.Reader, newest int) (*reader, error) {
	r := &reader{name: name}
	z, err := gzip.NewReader(from)
	if err != nil {
		return nil, r.wrong("%s", cause(err))
	}
	r.lines = bufio.NewReaderSize(z, 1<<16)
	text, err := r.next()
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(text, &r.header) != nil || r.header.Holdfast != archiveWord {
		return nil, r.wrong("it is no archive of holdfast export")
	}
	switch h := r.header; {
	case h.Format > format:
		return nil, newer(name, fmt.Sprintf("its format is %d and this holdfast knows %d", h.Format, format))
	case h.Schema > newest:
		return nil, newer(name, fmt.Sprintf("its schema is version %d and this holdfast knows %d", h.Schema, newest))
	case h.Format < 1 || h.Schema < 1 || len(h.Tables) == 0 || h.Clock != "production" && h.Clock != "virtual":
		return nil, r.wrong("its header is not whole")
	}
	return r, nil
}

func newer(name, why string) error {
	e := holdfast.Errorf(holdfast.Conflict, "%s was written by a newer holdfast: %s", name, why)
	e.Hint = "restore it with that one"
	return e
}

// wrong says what is the matter with the archive, and where.
func (r *reader) wrong(format string, args ...any) error {
	where := r.name
	if r.n > 0 {
		where = fmt.Sprintf("%s: line %d", where, r.n)
	}
	if r.table != "" {
		where += " (table " + r.table + ")"
	}
	e := holdfast.Errorf(holdfast.Invalid, "%s: %s", where, fmt.Sprintf(format, args...))
	e.Hint = "use another copy of the archive"
	return e
}

// cause is what a reader's error says of an archive.
func cause(err error) string {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends too early: it was cut short"
	case errors.Is(err, gzip.ErrHeader):
		return "it is no archive of holdfast export"
	case errors.Is(err, gzip.ErrChecksum):
		return "it was altered: its bytes do not match their checksum"
	}
	return "it cannot be read: " + err.Error()
}

// next is the next line, without its end. It is the caller's until the next call.
func (r *reader) next() ([]byte, error) {
	r.n++
	var long []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		if err == nil && long == nil {
			return bytes.TrimSuffix(part, []byte("\n")), nil
		}
		if long = append(long, part...); len(long) > longestLine {
			return nil, r.wrong("it is longer than %d MB", longestLine>>20)
		}
		switch {
		case err == nil:
			return bytes.TrimSuffix(long, []byte("\n")), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, r.wrong("%s", cause(err))
		}
	}
}

// mark is the next line, one that is no row; the zero line when it is one.
func (r *reader) mark() (l line, err error) {
	text, err := r.next()
	if err == nil && json.Unmarshal(text, &l) != nil {
		l = line{}
	}
	return l, err
}

// rows gives fn the rows of the next table to its end, where count and checksum
// are compared.
func (r *reader) rows(t store.Table, fn func(row []any) error) (Counted, error) {
	c := Counted{Table: t.Name}
	l, err := r.mark()
	if err != nil {
		return c, err
	}
	if l.Table != t.Name {
		return c, r.wrong("expected table %s", t.Name)
	}
	r.table = t.Name
	defer func() { r.table = "" }()
	var s sum
	for {
		text, err := r.next()
		if err != nil {
			return c, err
		}
		if bytes.HasPrefix(text, []byte("{")) {
			c.Rows, c.Sum = s.rows, s.String()
			return c, r.ends(text, t, s)
		}
		s.add(text)
		row, err := decode(text, t.Columns)
		if err != nil {
			return c, r.wrong("%s", err)
		}
		if err := fn(row); err != nil {
			return c, err
		}
	}
}

func (r *reader) ends(text []byte, t store.Table, s sum) error {
	var l line
	if json.Unmarshal(text, &l) != nil || l.End != t.Name {
		return r.wrong("expected a row of %s, or its end", t.Name)
	}
	if l.Rows != s.rows {
		return r.wrong("%d rows are missing or too many: there are %d, and it says %d", max(l.Rows-s.rows, s.rows-l.Rows), s.rows, l.Rows)
	}
	if l.Sum != s.String() {
		return r.wrong("it was altered: its %d rows do not match their checksum", s.rows)
	}
	return nil
}

// end demands that the archive is over.
func (r *reader) end(rows int64) error {
	l, err := r.mark()
	if err != nil {
		return err
	}
	if l.End != archiveWord || l.All != len(r.header.Tables) || l.Rows != rows {
		return r.wrong("expected the end of the archive")
	}
	switch _, err := r.lines.ReadByte(); {
	case err == nil:
		return r.wrong("something follows the end of the archive")
	case !errors.Is(err, io.EOF):
		return r.wrong("%s", cause(err))
	}
	return nil
}
