package ingest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/sources"
)

// calls are the last parts of Segment's paths, and the type of message that each
// holds. Source: https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
var calls = map[string]string{
	"identify": "identify", "group": "group", "track": "track", "page": "page", "screen": "screen", "alias": "alias",
	"batch": "", "import": "", // several, each of its own type
}

// segment takes a call of Segment's tracking API.
func (h *Handler) segment(w http.ResponseWriter, r *http.Request) (a answer, err error) {
	kind, known := calls[strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, SegmentPath), "/")]
	if !known {
		return a, refuse(http.StatusNotFound, BadCall, "there is no such path")
	}
	key, shown := keyOf(r)
	var s *project.Source
	var in incoming
	if shown {
		if s, in, err = h.caller(r.Context(), key); err != nil {
			return a, err
		}
	}
	leave, err := h.gate.enter(!shown)
	if err != nil {
		return a, err
	}
	defer leave()
	body, err := h.readBody(w, r, maxBatch)
	if err != nil {
		return a, err
	}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	top, err := object(body)
	if err != nil {
		return a, err
	}
	if !shown {
		if s, in, err = h.caller(r.Context(), plainText(top["writeKey"])); err != nil {
			return a, err
		}
	}
	a.source = s.Name
	if s.Kind != "segment" {
		return a, refuse(http.StatusForbidden, Unauthorized, "the source "+s.Name+" is of kind "+s.Kind+", and is called at "+HookPath+s.Name)
	}
	rd := reader{now: h.Clock.Now().UTC(), in: &in}
	if kind != "" {
		if len(body) > maxMessage {
			return a, refuse(http.StatusBadRequest, OverSize, "a message is larger than 32 KB")
		}
		rd.message("0", kind, body)
		return h.take(r.Context(), s, in)
	}
	var batch []json.RawMessage
	if err := json.Unmarshal(top["batch"], &batch); err != nil || batch == nil {
		return a, refuse(http.StatusBadRequest, BadCall, "expected batch, a list of messages")
	}
	if len(batch) > maxMessages {
		return a, refuse(http.StatusBadRequest, OverSize, "a batch has at most 2500 messages")
	}
	rd.sentAt = plainText(top["sentAt"])
	rd.groupID = groupOf(top["context"])
	for i, raw := range batch {
		rd.message(strconv.Itoa(i), "", raw)
	}
	return h.take(r.Context(), s, in)
}

// plainText is a JSON string, or "" for what is none.
func plainText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// groupOf is the groupId of a context that holds for a whole batch.
func groupOf(raw json.RawMessage) string {
	if depth(raw) > deepest {
		return ""
	}
	var c struct {
		GroupID any `json:"groupId"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&c) != nil {
		return ""
	}
	return sources.Text(c.GroupID)
}

// skewed is how far a sender's clock must be from ours before its times are
// corrected. Below, what the network takes is more than what clocks differ by, and
// correcting would put messages of two calls out of order.
const skewed = time.Minute

// corrected is a time by our clock, from the sender's, as Segment does:
// received - (sent - happened). A sender that does not say when it sent is believed.
// Source: https://segment.com/docs/connections/spec/common/#timestamps
func corrected(at time.Time, sentAt string, now time.Time) time.Time {
	sent, err := intake.ParseTime(sentAt)
	if err != nil {
		return at
	}
	if off := now.Sub(sent); off > skewed || off < -skewed {
		return at.Add(off)
	}
	return at
}
