package standin

import (
	"encoding/json"
	"net/http"
	"time"
)

// maxBlocks is how many characters of blocks a message may have in all. It is
// not documented: others measured it (slackapi/bolt-js#2509).
const maxBlocks = 13_200

// draft is what a message is to say.
type draft struct {
	text     string
	blocks   []any // nil: not said
	metadata json.RawMessage
	refusal  *reply
}

// draft reads text, blocks and metadata; a wrong one has a refusal.
func (s *Slack) draft(c call) (d draft) {
	refuse := func(r reply) draft { d.refusal = &r; return d }
	d.text = c.get("text")
	if length(d.text) > 40_000 {
		return refuse(notOK("msg_too_long"))
	}
	if raw, given := c.object("blocks"); given {
		var problems []string
		if d.blocks, problems = s.readBlocks(raw); len(problems) > 0 {
			return refuse(refused("invalid_blocks", problems))
		}
		if size(d.blocks) > maxBlocks {
			return refuse(notOK("msg_blocks_too_long"))
		}
	}
	if raw, given := c.object("metadata"); given {
		var meta struct {
			Type    string          `json:"event_type"`
			Payload *map[string]any `json:"event_payload"`
		}
		empty := string(raw) == "{}"
		if json.Unmarshal(raw, &meta) != nil || (!empty && (meta.Type == "" || meta.Payload == nil)) {
			return refuse(notOK("invalid_metadata_format"))
		}
		d.metadata = raw
	}
	return d
}

func (d draft) empty() bool { return d.text == "" && len(d.blocks) == 0 }

// touch of a message's metadata; one without is nobody's.
func touchOf(metadata json.RawMessage) string {
	var meta struct {
		Payload struct{ Touch string } `json:"event_payload"`
	}
	_ = json.Unmarshal(metadata, &meta)
	return meta.Payload.Touch
}

func (s *Slack) postMessage(c call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	r := s.room(c.get("channel"))
	if r == nil {
		return notOK("channel_not_found")
	}
	d := s.draft(c)
	if d.refusal != nil {
		return *d.refusal
	}
	if d.empty() {
		return notOK("no_text")
	}
	if thread := c.get("thread_ts"); thread != "" && s.find(r.id, thread) == nil {
		return notOK("thread_not_found")
	}
	if s.o.Paced && !s.pace(r.id) {
		limited := slackRefusals[RateLimited]
		limited.header = http.Header{"Retry-After": {"1"}}
		return limited
	}
	m := &message{room: r, ts: s.stamp(), thread: c.get("thread_ts"), text: d.text, blocks: s.named(d.blocks), metadata: d.metadata}
	entry := Entry{At: s.clock.Now(), Provider: s.name, Touch: touchOf(d.metadata), ID: r.id + "/" + m.ts}
	if err := s.Record.accept(entry); err != nil {
		return notOK("fatal_error")
	}
	r.messages = append(r.messages, m)
	return ok(map[string]any{"channel": r.id, "ts": m.ts, "message": m.shown(true)})
}

// bucket of what may be posted now.
type bucket struct {
	left float64
	at   time.Time
}

// pace lets a post a second through in a channel, and a burst of ten.
func (s *Slack) pace(channel string) bool {
	const burst = 10
	now := s.clock.Now()
	b, seen := s.posts[channel]
	if !seen {
		b = bucket{left: burst, at: now}
	}
	b.left = min(burst, b.left+now.Sub(b.at).Seconds())
	b.at = now
	enough := b.left >= 1
	if enough {
		b.left--
	}
	s.posts[channel] = b
	return enough
}

func (s *Slack) postEphemeral(c call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	r := s.room(c.get("channel"))
	if r == nil {
		return notOK("channel_not_found")
	}
	user := c.get("user")
	if _, known := s.user(user); !known || (r.user != "" && r.user != user) {
		return notOK("user_not_in_channel")
	}
	d := s.draft(c)
	if d.refusal != nil {
		return *d.refusal
	}
	if d.empty() {
		return notOK("no_text")
	}
	return ok(map[string]any{"message_ts": s.whisper(r, user, d).ts})
}

// whisper shows d to one user of a room.
func (s *Slack) whisper(r *room, user string, d draft) *message {
	m := &message{room: r, ts: s.stamp(), only: user, text: d.text, blocks: s.named(d.blocks)}
	r.messages = append(r.messages, m)
	return m
}

func (s *Slack) update(c call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	m := s.find(c.get("channel"), c.get("ts"))
	switch {
	case s.known(c.get("channel")) == nil:
		return notOK("channel_not_found")
	case m == nil:
		return notOK("message_not_found")
	case m.only != "":
		return notOK("cant_update_message")
	}
	d := s.draft(c)
	if d.refusal != nil {
		return *d.refusal
	}
	if d.text == "" && d.blocks == nil {
		return notOK("no_text")
	}
	s.change(m, d)
	s.updates = append(s.updates, Entry{At: s.clock.Now(), Provider: s.name, Touch: touchOf(m.metadata), ID: m.room.id + "/" + m.ts})
	return ok(map[string]any{"channel": m.room.id, "ts": m.ts, "text": m.text, "message": m.shown(true)})
}

// change makes m say d, as https://docs.slack.dev/reference/methods/chat.update has
// it: text without blocks takes the place of blocks, and only such a change is
// shown as an edit; metadata that d leaves out stays.
func (s *Slack) change(m *message, d draft) {
	now := s.stamp()
	m.before = append(m.before, version{until: now, text: m.text, blocks: m.blocks})
	m.text, m.blocks = d.text, s.named(d.blocks)
	if d.blocks == nil {
		m.edited = now
	}
	if d.metadata != nil {
		m.metadata = d.metadata
		if string(d.metadata) == "{}" {
			m.metadata = nil
		}
	}
}

func (s *Slack) remove(c call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	if s.known(c.get("channel")) == nil {
		return notOK("channel_not_found")
	}
	m := s.find(c.get("channel"), c.get("ts"))
	if m == nil {
		return notOK("message_not_found")
	}
	m.deleted = true
	return ok(map[string]any{"channel": m.room.id, "ts": m.ts})
}
