package intake

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// maxLine is the longest line, or CSV record, that is read.
const maxLine = 1 << 20

// errLong is a line over maxLine; it was skipped whole.
var errLong = errors.New("longer than 1 MiB")

// brokenError is the file's end before its time: a disk, a pipe or a gzip
// stream that failed. Nothing after it can be read.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

// plain undoes gzip when r begins with its magic bytes, and drops a byte order mark.
func plain(r io.Reader) (*bufio.Reader, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	if head, _ := b.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("open gzip: %w", err)
		}
		b = bufio.NewReaderSize(z, 64<<10)
	}
	if head, _ := b.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		if _, err := b.Discard(3); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// lines numbers the lines of a reader from 1.
type lines struct {
	r    *bufio.Reader
	n    int
	back []handed // lines handed back, next first
}

// handed is a line that was read ahead; long is one that next said errLong of.
type handed struct {
	text []byte
	long bool
}

// next line without its end; io.EOF after the last. On errLong the line is
// skipped and reading may go on.
func (l *lines) next() ([]byte, error) {
	if len(l.back) > 0 {
		line := l.back[0]
		l.back = l.back[1:]
		l.n++
		if line.long {
			return nil, errLong
		}
		return line.text, nil
	}
	var line []byte
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		if !long {
			line = append(line, part...)
			long = len(line) > maxLine
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0 && !long) {
			if errors.Is(err, io.EOF) {
				return nil, io.EOF
			}
			return nil, &brokenError{err}
		}
		l.n++
		if long {
			return nil, errLong
		}
		return bytes.TrimRight(line, "\r\n"), nil
	}
}

// unread hands lines back, to be read again in order.
func (l *lines) unread(ls []handed) {
	l.back = slices.Concat(ls, l.back)
	l.n -= len(ls)
}

// notUTF8 says where text, which begins at a line, is not UTF-8; nil: it is.
func notUTF8(text []byte, line int) error {
	n := 0
	for n < len(text) {
		r, size := utf8.DecodeRune(text[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	if n == len(text) {
		return nil
	}
	return fmt.Errorf("%s: the byte 0x%x is not UTF-8: save the file as UTF-8", placed(text, line, n), text[n])
}

// placed is where the n-th byte of text is, which begins at a line: that line is
// left out, since whoever reports a row names it.
func placed(text []byte, line, n int) string {
	before := text[:n]
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	if below := bytes.Count(before, []byte{'\n'}); below > 0 {
		return fmt.Sprintf("line %d, column %d", line+below, column)
	}
	return fmt.Sprintf("column %d", column)
}
