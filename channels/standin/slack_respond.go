package standin

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// What a response URL is worth: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
const (
	responses        = 5
	responsesFor     = 30 * time.Minute
	responseTypeRoom = "in_channel"
)

// responseURL answers one interaction in the room where it was.
type responseURL struct {
	user    string
	room    *room
	message *message // that was acted on, or nil
	at      time.Time
	uses    int
}

// responseURL makes one; "" while nobody said where the stand-in listens.
func (s *Slack) responseURL(user string, r *room, m *message) string {
	if s.base == "" {
		return ""
	}
	id := rand.Text()
	s.urls[id] = &responseURL{user: user, room: r, message: m, at: s.clock.Now()}
	return s.base + "/actions/" + id
}

func (s *Slack) respond(w http.ResponseWriter, r *http.Request) {
	c, word := readCall(w, r)
	if word != "" {
		write(w, reply{status: http.StatusBadRequest, body: notOK(word).body})
		return
	}
	if payload := c.form.Get("payload"); payload != "" && json.Unmarshal([]byte(payload), &c.body) != nil {
		write(w, reply{status: http.StatusBadRequest, body: notOK("invalid_payload").body})
		return
	}
	s.state.Lock()
	defer s.state.Unlock()
	u := s.urls[r.PathValue("id")]
	switch {
	case u == nil:
		write(w, reply{status: http.StatusNotFound, body: notOK("invalid_url").body})
		return
	case s.clock.Now().Sub(u.at) > responsesFor:
		write(w, reply{status: http.StatusNotFound, body: notOK("expired_url").body})
		return
	case u.uses >= responses:
		write(w, reply{status: http.StatusNotFound, body: notOK("used_url").body})
		return
	}
	if refusal := s.answer(c, u.user, u.room, u.message); refusal != nil {
		refusal.status = http.StatusBadRequest
		write(w, *refusal)
		return
	}
	u.uses++
	_, _ = w.Write([]byte("ok")) // the client may be gone
}

// answer shows what an app answers: in place of a message, to all, or, unless it
// says otherwise, to the one who acted.
func (s *Slack) answer(c call, user string, r *room, m *message) *reply {
	if c.flag("delete_original") && m != nil {
		m.deleted = true
		return nil
	}
	d := s.draft(c)
	if d.refusal != nil {
		return d.refusal
	}
	if d.empty() {
		refusal := notOK("no_text")
		return &refusal
	}
	switch {
	case c.flag("replace_original") && m != nil:
		s.change(m, d)
		s.updates = append(s.updates, Entry{At: s.clock.Now(), Provider: s.name, Touch: touchOf(m.metadata), ID: r.id + "/" + m.ts})
	case c.get("response_type") == responseTypeRoom:
		r.messages = append(r.messages, &message{room: r, ts: s.stamp(), text: d.text, blocks: s.named(d.blocks)})
	default:
		s.whisper(r, user, d)
	}
	return nil
}

// answerCommand shows the body of an answer to a command: JSON, or bare text.
func (s *Slack) answerCommand(user string, r *room, body []byte) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return
	}
	s.state.Lock()
	defer s.state.Unlock()
	c := call{}
	if json.Unmarshal(body, &c.body) != nil {
		said, err := json.Marshal(strings.TrimSpace(string(body)))
		if err != nil {
			return
		}
		c.body = map[string]json.RawMessage{"text": said}
	}
	if refusal := s.answer(c, user, r, nil); refusal != nil {
		s.notices[user] = "invalid_command_response"
	}
}
