package lsp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxFrame is the most that a message may hold: no file is larger than 4 MiB.
const maxFrame = 32 << 20

// errHeader is a frame whose header cannot be used; what follows it may be read on.
var errHeader = errors.New("a message begins with Content-Length and a number")

// readFrame reads one message as the base protocol frames it: header lines, an
// empty line, and as many bytes as Content-Length says. errHeader can be got
// over; io.EOF is the end between two frames; another error is the end of r.
func readFrame(r *bufio.Reader) ([]byte, error) {
	length, lines, bad := -1, 0, false
	for {
		line, err := headerLine(r)
		if err != nil {
			if errors.Is(err, io.EOF) && (lines > 0 || line != "") {
				return nil, io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if line == "" && lines == 0 {
			continue
		}
		if line == "" {
			break
		}
		lines++
		name, value, ok := strings.Cut(line, ":")
		if !strings.EqualFold(strings.TrimSpace(name), "Content-Length") {
			bad = bad || !ok
			continue
		}
		length, err = strconv.Atoi(strings.TrimSpace(value))
		bad = bad || err != nil || length < 0 || length > maxFrame
	}
	if bad || length < 0 {
		return nil, errHeader
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return body, nil
}

// headerLine is one line without its end; of an endless one, only its beginning.
func headerLine(r *bufio.Reader) (string, error) {
	head, err := r.ReadSlice('\n')
	line := string(head)
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.ReadSlice('\n')
	}
	return strings.TrimRight(line, "\r\n"), err
}

// writeFrame writes one message.
func writeFrame(w io.Writer, body []byte) error {
	_, err := fmt.Fprintf(w, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return err
}
