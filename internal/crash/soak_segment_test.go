package crash

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"holdfast/internal/clock"
)

// segment sends batches in Segment's shape until ctx ends: new messages, some late,
// among them some again and some that must be left out, in any order.
func (s *sender) segment(ctx context.Context) {
	for clock.Sleep(ctx, time.Duration(50+s.draw.IntN(250))*time.Millisecond) == nil {
		switch s.draw.IntN(20) {
		case 0:
			s.bad(ctx)
		case 1:
			w := s.say()
			body, _ := json.Marshal(shape(w))
			s.deliver(ctx, []*word{w}, "/v1/"+w.kind, body, s.header(s.key))
		default:
			s.batch(ctx)
		}
	}
}

func (s *sender) batch(ctx context.Context) {
	var ws []*word
	for range 1 + s.draw.IntN(60) {
		switch s.draw.IntN(10) {
		case 0:
			if len(s.recent) > 0 {
				ws = append(ws, s.recent[s.draw.IntN(len(s.recent))])
			}
		default:
			ws = append(ws, s.say())
		}
	}
	for range 2 {
		if account := s.book.save(); account != "" {
			ws = append(ws, s.book.word(word{source: "app", kind: "track", event: "Account Saved", account: account, at: s.lately()}))
		}
	}
	shapes := make([]any, 0, len(ws)+2)
	spoilt := 0
	for _, w := range ws {
		shapes = append(shapes, shape(w))
	}
	for range s.draw.IntN(3) {
		w, shape := s.spoilt()
		ws, shapes = append(ws, w), append(shapes, shape)
		spoilt++
	}
	s.draw.Shuffle(len(shapes), func(i, j int) { shapes[i], shapes[j] = shapes[j], shapes[i] })
	body, err := json.Marshal(map[string]any{"batch": shapes})
	if err != nil {
		s.t.Error(err)
		return
	}
	if s.draw.IntN(2) == 0 {
		body = packed(body)
	}
	if a := s.deliver(ctx, ws, "/v1/batch", body, s.header(s.key)); a.status == http.StatusOK && a.dropped != spoilt {
		s.t.Errorf("a batch with %d bad messages was answered as if %d were", spoilt, a.dropped)
	}
	for _, w := range ws {
		if !w.bad {
			s.recent = append(s.recent, w)
		}
	}
	s.recent = s.recent[max(0, len(s.recent)-300):]
}

// lately is a moment of the last minute, so that messages come out of order.
func (s *sender) lately() time.Time {
	return clock.System{}.Now().Add(-time.Duration(s.draw.IntN(60_000)) * time.Millisecond).Truncate(time.Millisecond)
}

// say makes a message that is right.
func (s *sender) say() *word {
	w := word{source: "app", kind: "track", event: "Feature Used", account: s.book.account(s.draw.IntN), at: s.lately(), n: 1 + s.draw.IntN(9)}
	switch n := s.draw.IntN(100); {
	case n < 12:
		w.kind, w.event = "group", ""
	case n < 20:
		w.event = "Conversation Held"
	case n < 23 && strings.HasSuffix(w.account, "3"):
		w.event = "Account Churned"
	case n < 30:
		w.kind, w.event = "page", "page"
	case n < 45:
		w.at = w.at.AddDate(0, 0, -1-s.draw.IntN(20)) // late
	}
	return s.book.word(w)
}

// shape is w as Segment's clients write it.
func shape(w *word) map[string]any {
	m := map[string]any{"type": w.kind, "messageId": w.id, "timestamp": w.at.Format("2006-01-02T15:04:05.000Z")}
	if w.kind == "group" {
		m["groupId"], m["traits"] = w.account, map[string]any{"seats": w.n}
		return m
	}
	m["context"], m["properties"] = map[string]any{"groupId": w.account}, map[string]any{"feature": "export", "count": w.n}
	if w.kind == "track" {
		m["event"] = w.event
	}
	return m
}

// spoilt makes a message that must be left out.
func (s *sender) spoilt() (*word, map[string]any) {
	w := s.book.word(word{source: "app", kind: "track", event: "Feature Used", account: s.book.account(s.draw.IntN), at: s.lately(), n: 1, bad: true})
	m := shape(w)
	switch s.draw.IntN(7) {
	case 0:
		m["event"] = "Secret Told" // no source may say it
	case 1:
		m["event"] = "approval.granted" // ours alone
	case 2:
		m["timestamp"] = "yesterday"
	case 3:
		m["timestamp"] = "1970-01-01T00:00:01Z"
	case 4:
		m["properties"] = "none"
	case 5:
		m["type"] = "shout"
	case 6:
		delete(m, "event")
	}
	return w, m
}

// bad sends a call that is turned away as a whole.
func (s *sender) bad(ctx context.Context) {
	w := s.book.word(word{source: "app", kind: "track", event: "Feature Used", account: s.book.account(s.draw.IntN), at: s.lately(), n: 1, bad: true})
	body, _ := json.Marshal(map[string]any{"batch": []any{shape(w)}})
	key, want := s.key, http.StatusBadRequest
	switch s.draw.IntN(4) {
	case 0:
		key, want = s.key[:len(s.key)-3]+"abc", http.StatusUnauthorized
	case 1:
		body = body[:len(body)-1]
	case 2:
		whole := packed(body)
		body = whole[:len(whole)-9]
	case 3:
		body, _ = json.Marshal(map[string]any{"batch": []any{shape(w)}, "more": strings.Repeat("x", 501<<10)})
	}
	if a := s.deliver(ctx, []*word{w}, "/v1/batch", body, s.header(key)); a.status != 0 && a.status != want {
		s.t.Errorf("a bad call was answered %d, want %d", a.status, want)
	}
}

func (s *sender) header(key string) func() http.Header {
	r, _ := http.NewRequest(http.MethodPost, "/", nil)
	r.SetBasicAuth(key, "")
	return func() http.Header { return r.Header.Clone() }
}

func packed(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // into memory
	_ = z.Close()
	return b.Bytes()
}
