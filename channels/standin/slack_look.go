package standin

import (
	"encoding/json"
	"maps"
	"slices"
)

// Message as it stands in a channel, for tests and pages.
type Message struct {
	Channel, TS string
	Only        string // the one user who sees it; "" is everybody there
	Text        string
	Blocks      json.RawMessage // nil: none
	Metadata    json.RawMessage
	Versions    int // how often it was changed
}

// View is an open modal or a home tab. The zero value is none.
type View struct {
	ID, User, Root, Previous    string
	CallbackID, PrivateMetadata string
	Blocks                      json.RawMessage
	Errors                      map[string]string // by block id; nil: none
}

// Messages of a channel, or of a user's direct messages, oldest first: those
// that one person alone sees, too, those deleted not.
func (s *Slack) Messages(channel string) []Message {
	s.state.Lock()
	defer s.state.Unlock()
	r := s.room(channel)
	if r == nil {
		return nil
	}
	var out []Message
	for _, m := range r.messages {
		if m.deleted {
			continue
		}
		shown := Message{Channel: r.id, TS: m.ts, Only: m.only, Text: m.text, Metadata: m.metadata, Versions: len(m.before)}
		if m.blocks != nil {
			shown.Blocks = encode(m.blocks)
		}
		out = append(out, shown)
	}
	return out
}

// Modals that a user has open, the one in front last.
func (s *Slack) Modals(user string) []View {
	s.state.Lock()
	defer s.state.Unlock()
	var out []View
	for _, v := range s.modals[user] {
		out = append(out, v.look())
	}
	return out
}

// HomeOf is a user's home tab.
func (s *Slack) HomeOf(user string) View {
	s.state.Lock()
	defer s.state.Unlock()
	if v := s.homes[user]; v != nil {
		return v.look()
	}
	return View{}
}

// Users of the workspace that are known so far.
func (s *Slack) Users() []User {
	s.state.Lock()
	defer s.state.Unlock()
	return slices.Clone(s.users)
}

func (v *view) look() View {
	shown := View{
		ID: v.id, User: v.user, Root: v.root, Previous: v.previous, CallbackID: v.text("callback_id"),
		PrivateMetadata: v.text("private_metadata"), Blocks: encode(v.blocks()),
	}
	if len(v.errors) > 0 {
		shown.Errors = maps.Clone(v.errors)
	}
	return shown
}

func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return nil // it came as JSON
	}
	return b
}
