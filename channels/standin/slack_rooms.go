package standin

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// room is a channel, or the direct messages of the app with one person.
type room struct {
	id, name string
	user     string // of direct messages
	messages []*message
}

// message in a room. blocks are as posted, with a block_id each.
type message struct {
	room     *room
	ts       string
	thread   string // ts of the message that this one answers, or ""
	only     string // the one user who sees it, or ""
	text     string
	blocks   []any
	metadata json.RawMessage
	edited   string    // ts of the last change that shows as one, or ""
	before   []version // what it was before, oldest first
	deleted  bool
	state    values // what people filled in
}

// version of a message: until is the ts of the change that ended it.
type version struct {
	until, text string
	blocks      []any
}

// shown is the message as the API shows it.
func (m *message) shown(metadata bool) map[string]any {
	out := map[string]any{
		"type": "message", "user": botUser, "bot_id": botID, "app_id": appID, "team": teamID, "ts": m.ts, "text": m.text,
	}
	if m.blocks != nil {
		out["blocks"] = m.blocks
	}
	if metadata && m.metadata != nil {
		out["metadata"] = m.metadata
	}
	if m.edited != "" {
		out["edited"] = map[string]any{"user": botUser, "ts": m.edited}
	}
	if m.thread != "" {
		out["thread_ts"] = m.thread
	}
	return out
}

var (
	userID   = regexp.MustCompile(`^[UW][A-Z0-9]+$`)
	roomID   = regexp.MustCompile(`^[CGD][A-Z0-9]+$`)
	roomName = regexp.MustCompile(`^#?[\p{L}0-9_-]{1,80}$`)
)

func (s *Slack) addRoom(r *room) *room {
	s.rooms = append(s.rooms, r)
	return r
}

// room is found by id, by name with or without #, or by the id of a person whose
// direct messages are meant; nil when there is none.
func (s *Slack) room(name string) *room {
	for _, r := range s.rooms {
		if r.id == name || (r.user == "" && r.name == strings.TrimPrefix(name, "#")) || (r.user != "" && r.user == name) {
			return r
		}
	}
	if userID.MatchString(name) {
		if _, known := s.user(name); !known {
			return nil
		}
		return s.addRoom(&room{id: s.id("D"), name: "directmessage", user: name})
	}
	if s.o.Channels != nil {
		return nil
	}
	if roomID.MatchString(name) && !strings.HasPrefix(name, "D") {
		return s.addRoom(&room{id: name, name: strings.ToLower(name)})
	}
	if strings.HasPrefix(name, "#") && roomName.MatchString(name) && !strings.ContainsFunc(name, unicode.IsUpper) {
		return s.addRoom(&room{id: s.id("C"), name: name[1:]})
	}
	return nil
}

// find a message that was not deleted.
func (s *Slack) find(channel, ts string) *message {
	for _, r := range s.rooms {
		if r.id != channel {
			continue
		}
		for _, m := range r.messages {
			if m.ts == ts && !m.deleted {
				return m
			}
		}
	}
	return nil
}

func (r *room) shown() map[string]any {
	if r.user != "" {
		return map[string]any{"id": r.id, "is_im": true, "user": r.user, "is_archived": false, "is_org_shared": false, "is_user_deleted": false}
	}
	return map[string]any{
		"id": r.id, "name": r.name, "name_normalized": r.name, "is_channel": true, "is_im": false, "is_private": false,
		"is_archived": false, "is_member": true, "is_general": false, "topic": map[string]any{"value": ""}, "purpose": map[string]any{"value": ""},
	}
}

func (s *Slack) history(c call) reply {
	return s.page(c, func(m *message) bool { return m.thread == "" || m.thread == m.ts }, true)
}

func (s *Slack) replies(c call) reply {
	ts := c.get("ts")
	return s.page(c, func(m *message) bool { return m.ts == ts || m.thread == ts }, false)
}

// page shows messages between oldest and latest, newest first where asked, a
// limit at a time.
func (s *Slack) page(c call, wanted func(*message) bool, newest bool) reply {
	s.state.Lock()
	defer s.state.Unlock()
	r := s.known(c.get("channel"))
	if r == nil {
		return notOK("channel_not_found")
	}
	oldest, latest, inclusive := c.get("oldest"), c.get("latest"), c.flag("inclusive")
	found := []*message{}
	for _, m := range r.messages {
		if m.deleted || m.only != "" || !wanted(m) ||
			(oldest != "" && (less(m.ts, oldest) || (m.ts == oldest && !inclusive))) ||
			(latest != "" && (less(latest, m.ts) || (m.ts == latest && !inclusive))) {
			continue
		}
		found = append(found, m)
	}
	if newest {
		slices.Reverse(found)
	}
	start := 0
	if cursor := c.get("cursor"); cursor != "" {
		b, err := base64.StdEncoding.DecodeString(cursor)
		ts, isTS := strings.CutPrefix(string(b), "next_ts:")
		start = slices.IndexFunc(found, func(m *message) bool { return m.ts == ts })
		if err != nil || !isTS || start < 0 {
			return notOK("invalid_cursor")
		}
	}
	end := min(len(found), start+c.number("limit", 100, 999))
	out := []any{}
	for _, m := range found[start:end] {
		out = append(out, m.shown(c.flag("include_all_metadata")))
	}
	fields := map[string]any{"messages": out, "has_more": end < len(found), "pin_count": 0}
	if end < len(found) {
		next := base64.StdEncoding.EncodeToString([]byte("next_ts:" + found[end].ts))
		fields["response_metadata"] = map[string]any{"next_cursor": next}
	}
	return ok(fields)
}

// less compares stamps, which may be given with fewer digits after the point.
func less(a, b string) bool {
	as, af, _ := strings.Cut(a, ".")
	bs, bf, _ := strings.Cut(b, ".")
	pad := func(s string, n int) string { return strings.Repeat("0", max(0, n-len(s))) + s }
	right := func(s string) string { return (s + "000000")[:6] }
	return pad(as, 12)+right(af) < pad(bs, 12)+right(bf)
}

// known finds a room by its id alone, as the conversations methods do; one that
// is only named by an id that could be a channel's is there, and empty.
func (s *Slack) known(id string) *room {
	if !roomID.MatchString(id) {
		return nil
	}
	return s.room(id)
}

func (s *Slack) openDM(c call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	who := c.get("users")
	if ch := c.get("channel"); ch != "" {
		if r := s.known(ch); r != nil {
			return ok(map[string]any{"channel": map[string]any{"id": r.id}, "no_op": true, "already_open": true})
		}
		return notOK("channel_not_found")
	}
	switch {
	case who == "":
		return notOK("users_list_not_supplied")
	case strings.Contains(who, ","):
		return notOK("not_enough_users") // groups are not made here
	case !userID.MatchString(who):
		return notOK("user_not_found")
	}
	already := slices.ContainsFunc(s.rooms, func(r *room) bool { return r.user == who })
	r := s.room(who)
	if r == nil {
		return notOK("user_not_found")
	}
	shown := map[string]any{"id": r.id}
	if c.flag("return_im") {
		shown = r.shown()
	}
	return ok(map[string]any{"channel": shown, "no_op": already, "already_open": already})
}

func (s *Slack) roomInfo(c call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	r := s.known(c.get("channel"))
	if r == nil {
		return notOK("channel_not_found")
	}
	return ok(map[string]any{"channel": r.shown()})
}

func (s *Slack) roomList(c call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	types := c.get("types")
	if types == "" {
		types = "public_channel"
	}
	out := []any{}
	for _, r := range s.rooms {
		kind := "public_channel"
		if r.user != "" {
			kind = "im"
		}
		if slices.Contains(strings.Split(types, ","), kind) {
			out = append(out, r.shown())
		}
	}
	return ok(map[string]any{"channels": out, "response_metadata": map[string]any{"next_cursor": ""}})
}
