package ingest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"holdfast/internal/clock"
)

const (
	// maxMessage and maxBatch are Segment's. Source:
	// https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#max-request-size
	maxMessage = 32 << 10
	maxBatch   = 500 << 10
	// maxMessages in a batch, as Segment has it.
	maxMessages = 2500
	// maxHook is more than any provider of ours posts.
	maxHook = 1 << 20
	// bodyTime is how long a body may take to come, unless BodyTime says otherwise.
	bodyTime = 15 * time.Second
)

// readBody reads at most limit bytes of a body, undone when it is gzip, whatever its
// headers say: RudderStack's SDK sends gzip as a form. A connection whose body did
// not come, or is too long, is closed after the answer.
func (h *Handler) readBody(w http.ResponseWriter, r *http.Request, limit int) ([]byte, error) {
	large := refuse(http.StatusBadRequest, OverSize, fmt.Sprintf("the body is larger than %d KB", limit>>10))
	if r.ContentLength > int64(limit) {
		hangUp(w)
		return nil, large
	}
	h.hurry(w)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(limit)))
	if err != nil {
		hangUp(w)
		if _, over := errors.AsType[*http.MaxBytesError](err); over {
			return nil, large
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, refuse(http.StatusBadRequest, BadCall, fmt.Sprintf("the body did not come within %v", h.bodyTime()))
		}
		return nil, refuse(http.StatusBadRequest, BadCall, "the body broke off")
	}
	until(w, time.Time{}) // as net/http has it behind a body, to hear of who hangs up
	if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, refuse(http.StatusBadRequest, BadCall, "the body begins as gzip and is none")
		}
		plain, err := io.ReadAll(io.LimitReader(z, int64(limit)+1))
		if len(plain) > limit {
			return nil, large
		}
		if err != nil {
			return nil, refuse(http.StatusBadRequest, BadCall, "the body begins as gzip and is broken")
		}
		return plain, nil
	}
	switch enc := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); enc {
	case "", "identity", "gzip": // a proxy may have undone it and left the header
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, BadCall, "send it plain or as gzip")
	}
	return body, nil
}

func (h *Handler) bodyTime() time.Duration { return cmp.Or(h.BodyTime, bodyTime) }

// hurry gives a body from now on its time.
func (h *Handler) hurry(w http.ResponseWriter) { until(w, clock.System{}.Now().Add(h.bodyTime())) }

// hangUp has the connection closed after the answer. What is still to come is not
// waited for, as net/http does before it answers.
func hangUp(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	until(w, clock.System{}.Now())
}

// until says when reading from a caller ends. Where there is no connection, as in
// some tests, there is nothing to wait for.
func until(w http.ResponseWriter, end time.Time) {
	_ = http.NewResponseController(w).SetReadDeadline(end)
}
