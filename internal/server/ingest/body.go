package ingest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	// bodyTime is how long a body may take to come.
	bodyTime = 15 * time.Second
)

// readBody reads at most limit bytes of a body, undone when it is gzip, whatever its
// headers say: RudderStack's SDK sends gzip as a form.
func readBody(w http.ResponseWriter, r *http.Request, limit int) ([]byte, error) {
	// Where there is no connection, as in some tests, there is nothing to wait for.
	conn := http.NewResponseController(w)
	_ = conn.SetReadDeadline(clock.System{}.Now().Add(bodyTime))
	defer func() { _ = conn.SetReadDeadline(time.Time{}) }()
	large := refuse(http.StatusBadRequest, OverSize, fmt.Sprintf("the body is larger than %d KB", limit>>10))
	if r.ContentLength > int64(limit) {
		return nil, large
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(limit)))
	if err != nil {
		if _, over := errors.AsType[*http.MaxBytesError](err); over {
			return nil, large
		}
		return nil, refuse(http.StatusBadRequest, BadCall, "the body broke off")
	}
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
