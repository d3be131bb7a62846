package intake

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"holdfast"
	"holdfast/rules"
)

// FileOptions say how to read a file.
type FileOptions struct {
	Name   string     // for messages to people
	As     string     // what a CSV row is: accounts, contacts or events
	Source string     // Message.Source; default import
	At     time.Time  // when a CSV row without a time column was true: the file's own time
	Rules  *rules.Set // types of CSV cells; nil leaves them text
}

// Row is one message of a file and the line it begins at.
type Row struct {
	Line int
	holdfast.Message
}

// ReadFile streams the messages of r to each, in file order: JSON lines in
// Segment's shape, or CSV with a header; in UTF-8, plain or gzip, told by their
// content. A row that cannot be read goes to bad with its line and the others go on:
// each line that is not blank is of one row, or is named. The error is each's, the
// reader's, or a file that is neither.
func ReadFile(ctx context.Context, r io.Reader, opt FileOptions, each func(Row) error, bad func(line int, reason string)) error {
	if opt.Source == "" {
		opt.Source = "import"
	}
	b, err := plain(r)
	if err != nil {
		return fmt.Errorf("read %s: %w", opt.Name, err)
	}
	if wide(b) {
		return holdfast.Errorf(holdfast.Invalid, "%s is UTF-16: save the file as UTF-8", opt.Name)
	}
	in := &lines{r: b}
	next := in.segment
	head, _ := b.Peek(512)
	if head = bytes.TrimSpace(head); len(head) > 0 && head[0] != '{' {
		t, err := newTable(in, opt)
		if err != nil {
			return err
		}
		next = t.row
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, line, err := next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, new(*brokenError)):
			return fmt.Errorf("read %s after line %d: %w", opt.Name, in.n, err)
		case err != nil:
			bad(line, err.Error())
			continue
		}
		m.Source = opt.Source
		if err := each(Row{Line: line, Message: m}); err != nil {
			return err
		}
	}
}

// wide reports whether a file is UTF-16: by its byte order mark or, without one, by
// the zero in the first character.
func wide(b *bufio.Reader) bool {
	head, _ := b.Peek(2)
	if len(head) < 2 {
		return false
	}
	return head[0] == 0xff && head[1] == 0xfe || head[0] == 0xfe && head[1] == 0xff || (head[0] == 0) != (head[1] == 0)
}

// segment is the next JSON line as a message.
func (l *lines) segment() (m holdfast.Message, line int, err error) {
	for {
		raw, err := l.next()
		if err != nil {
			return m, l.n, err
		}
		if err := notUTF8(raw, l.n); err != nil {
			return m, l.n, err
		}
		if raw = bytes.TrimSpace(raw); len(raw) > 0 {
			m, err = Segment(raw)
			return m, l.n, err
		}
	}
}
