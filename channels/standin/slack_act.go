package standin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Act is what a person does with one element: presses a button, or chooses.
type Act struct {
	User        string // who
	Channel, TS string // the message it stands in; or
	View        string // the id of the modal or home tab
	Block       string // its block; "" where one element alone has the action id
	Action      string // its action id, or block_id/action_id
	Value       string // of a button, where several have the action id; else ""
	Chosen      []string
	Beside      Values // what the person filled in elsewhere on the same surface
}

// surface is what an element stands on.
type surface struct {
	message *message
	view    *view
	blocks  []any
	state   *values
}

// Click sends what Slack sends when a person uses an element: block_actions.
// An element that is not there, or that this person does not see, is an error;
// what goes wrong between Slack and the app is Sent.Problem.
func (s *Slack) Click(ctx context.Context, a Act) (Sent, error) {
	payload, err := s.blockActions(a)
	if err != nil {
		return Sent{}, err
	}
	sent, err := s.interactive(ctx, payload)
	s.notice(a.User, sent.Problem)
	return sent, err
}

func (s *Slack) blockActions(a Act) (map[string]any, error) {
	s.state.Lock()
	defer s.state.Unlock()
	who, known := s.user(a.User)
	if !known {
		return nil, fmt.Errorf("%w: user %q", errNoSuch, a.User)
	}
	on, err := s.surface(a)
	if err != nil {
		return nil, err
	}
	blocks := typed(on.blocks)
	b, e, err := find(blocks, a)
	if err != nil {
		return nil, err
	}
	beside, err := a.Beside.placed(blocks)
	if err != nil {
		return nil, err
	}
	on.state.merge(beside)
	if e.Type != "button" {
		if wrong := e.wrong(a.Chosen, true); wrong != "" {
			return nil, fmt.Errorf("%s: %s", e.ID, wrong)
		}
		on.state.merge(values{place(b, e): a.Chosen})
	}
	p := s.payload("block_actions", who)
	p["actions"] = []any{s.action(b, e, a.Chosen)}
	if v := on.view; v != nil {
		p["trigger_id"] = s.pull(who.ID, v.id)
		p["view"] = v.shown()
		p["container"] = map[string]any{"type": "view", "view_id": v.id}
		p["state"] = map[string]any{"values": v.state.shown(v.blocks())}
		return p, nil
	}
	m := on.message
	p["trigger_id"] = s.pull(who.ID, "")
	p["channel"] = map[string]any{"id": m.room.id, "name": m.room.name}
	p["message"] = m.shown(true)
	p["container"] = map[string]any{"type": "message", "message_ts": m.ts, "channel_id": m.room.id, "is_ephemeral": m.only != ""}
	p["state"] = map[string]any{"values": m.state.shown(m.blocks)}
	p["response_url"] = s.responseURL(who.ID, m.room, m)
	return p, nil
}

// surface finds what a stands on, if its user sees it.
func (s *Slack) surface(a Act) (surface, error) {
	if a.View != "" {
		v := s.views[a.View]
		if v == nil || v.user != a.User {
			return surface{}, fmt.Errorf("%w: view %q of %q", errNoSuch, a.View, a.User)
		}
		return surface{view: v, blocks: v.blocks(), state: &v.state}, nil
	}
	m := s.find(a.Channel, a.TS)
	if m == nil || (m.only != "" && m.only != a.User) || (m.room.user != "" && m.room.user != a.User) {
		return surface{}, fmt.Errorf("%w: message %q in %q for %q", errNoSuch, a.TS, a.Channel, a.User)
	}
	return surface{message: m, blocks: m.blocks, state: &m.state}, nil
}

// find the one element that a means.
func find(blocks []block, a Act) (b block, e element, err error) {
	n := 0
	for _, in := range blocks {
		for _, one := range in.inside() {
			if (a.Block == "" || a.Block == in.ID) && (a.Action == one.ID || a.Action == place(in, one)) && (a.Value == "" || a.Value == one.Value) {
				b, e = in, one
				n++
			}
		}
	}
	if n != 1 {
		return b, e, fmt.Errorf("%w: %d elements have action id %q", errNoSuch, n, a.Action)
	}
	return b, e, nil
}

// action is one entry of a payload's actions.
func (s *Slack) action(b block, e element, chosen []string) map[string]any {
	now := s.clock.Now().UnixMicro()
	out := map[string]any{"type": e.Type}
	if e.Type == "button" {
		out["text"] = e.Text
		if e.Value != "" {
			out["value"] = e.Value
		}
		if e.Style != "" {
			out["style"] = e.Style
		}
	} else {
		out = e.holding(chosen)
	}
	out["action_id"], out["block_id"] = e.ID, b.ID
	out["action_ts"] = fmt.Sprintf("%d.%06d", now/1e6, now%1e6)
	return out
}

// payload has what every interaction has.
func (s *Slack) payload(kind string, who User) map[string]any {
	return map[string]any{
		"type": kind, "token": "standin-verification-token", "api_app_id": appID, "is_enterprise_install": false, "enterprise": nil,
		"team": map[string]any{"id": teamID, "domain": "standin"},
		"user": map[string]any{"id": who.ID, "username": who.handle(), "name": who.handle(), "team_id": teamID},
	}
}

// Command sends what Slack sends for the app's slash command, typed in a
// channel: an id or a name, or the user's own id for the direct messages.
func (s *Slack) Command(ctx context.Context, user, channel, typed string) (Sent, error) {
	s.state.Lock()
	who, known := s.user(user)
	r := s.room(channel)
	if !known || r == nil {
		s.state.Unlock()
		return Sent{}, fmt.Errorf("%w: user %q, channel %q", errNoSuch, user, channel)
	}
	fields := map[string]string{
		"token": "standin-verification-token", "team_id": teamID, "team_domain": "standin", "channel_id": r.id, "channel_name": r.name,
		"user_id": who.ID, "user_name": who.handle(), "command": s.o.Command, "text": typed, "api_app_id": appID, "is_enterprise_install": "false",
		"response_url": s.responseURL(who.ID, r, nil), "trigger_id": s.pull(who.ID, ""),
	}
	s.state.Unlock()
	form := url.Values{}
	for k, v := range fields {
		form.Set(k, v)
	}
	payload, err := json.Marshal(fields)
	if err != nil {
		return Sent{}, fmt.Errorf("encode a command: %w", err)
	}
	sent := s.send(ctx, "slash_commands", payload, Sent{
		Kind: "slash_command", Path: "commands", Body: []byte(form.Encode()), Header: http.Header{"Content-Type": {formType}},
	})
	s.notice(who.ID, sent.Problem)
	if sent.Problem == "" {
		s.answerCommand(who.ID, r, sent.Answer)
	}
	return sent, nil
}

// Home sends what Slack sends when a person opens the app's home tab:
// app_home_opened. As Slack does, it sends the event once more when the app did
// not take it; https://docs.slack.dev/apis/events-api#retries has two more tries,
// a minute and five minutes later, that are left out here.
func (s *Slack) Home(ctx context.Context, user string) (Sent, error) {
	s.state.Lock()
	who, known := s.user(user)
	if !known {
		s.state.Unlock()
		return Sent{}, fmt.Errorf("%w: user %q", errNoSuch, user)
	}
	event := map[string]any{"type": "app_home_opened", "user": who.ID, "channel": s.room(who.ID).id, "tab": "home", "event_ts": s.stamp()}
	if v := s.homes[who.ID]; v != nil {
		event["view"] = v.shown()
	}
	id := s.id("Ev")
	s.state.Unlock()
	sent, err := s.event(ctx, map[string]any{
		"token": "standin-verification-token", "team_id": teamID, "api_app_id": appID, "type": "event_callback",
		"event_id": id, "event_time": s.clock.Now().Unix(), "event": event,
		"authorizations": []any{map[string]any{"team_id": teamID, "user_id": botUser, "is_bot": true, "enterprise_id": nil}},
	}, "app_home_opened")
	s.notice(who.ID, sent.Problem)
	return sent, err
}

// Challenge sends what Slack sends once when an address for events is set; an
// app that does not give the challenge back has the Problem url_verification_failed.
func (s *Slack) Challenge(ctx context.Context) (Sent, error) {
	s.state.Lock()
	word := s.id("challenge")
	s.state.Unlock()
	b, err := json.Marshal(map[string]any{"type": "url_verification", "token": "standin-verification-token", "challenge": word})
	if err != nil {
		return Sent{}, fmt.Errorf("encode a challenge: %w", err)
	}
	sent := s.post(ctx, Sent{Kind: "url_verification", Path: "events", Body: b, Header: http.Header{"Content-Type": {"application/json"}}}, Signed)
	var back struct{ Challenge string }
	if string(sent.Answer) != word && (json.Unmarshal(sent.Answer, &back) != nil || back.Challenge != word) {
		sent.Problem = "url_verification_failed"
	}
	return sent, nil
}

func (s *Slack) event(ctx context.Context, payload map[string]any, kind string) (Sent, error) {
	b, err := json.Marshal(payload)
	if err != nil {
		return Sent{}, fmt.Errorf("encode an event: %w", err)
	}
	sent := s.send(ctx, "events_api", b, Sent{Kind: kind, Path: "events", Body: b, Header: http.Header{"Content-Type": {"application/json"}}})
	if sent.Path == "" || sent.Problem == "" || sent.Problem == "not_configured" {
		return sent, nil
	}
	reason := map[string]string{"operation_timeout": "http_timeout", "dispatch_failed": "connection_failed"}[sent.Problem]
	if reason == "" {
		reason = "http_error"
	}
	again := Sent{Kind: kind, Path: "events", Body: b, Header: sent.Header.Clone()}
	again.Header.Set("X-Slack-Retry-Num", "1")
	again.Header.Set("X-Slack-Retry-Reason", reason)
	return s.post(ctx, again, Signed), nil
}

// notice keeps what Slack tells a person until the next thing they do.
func (s *Slack) notice(user, problem string) {
	s.state.Lock()
	defer s.state.Unlock()
	s.notices[user] = problem
}
