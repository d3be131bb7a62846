package standin

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// What a trigger is worth: https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses
const (
	triggerLasts = 3 * time.Second
	deepest      = 3 // views in a stack
	maxView      = 250_000
)

// trigger is the right to open a view for a person who has just done something.
type trigger struct {
	user string
	at   time.Time
	used bool
	view string // the modal that it came from, or ""
}

// view is a modal or a home tab.
type view struct {
	id, hash, user string
	root, previous string
	said           map[string]any // as the app gave it, with ids in its blocks
	state          values
	errors         map[string]string // by block id, what the app found wrong
}

func (v *view) text(key string) string { s, _ := v.said[key].(string); return s }
func (v *view) flag(key string) bool   { b, _ := v.said[key].(bool); return b }
func (v *view) blocks() []any          { b, _ := v.said["blocks"].([]any); return b }

// shown is the view as the API and payloads show it.
func (v *view) shown() map[string]any {
	out := map[string]any{
		"private_metadata": "", "callback_id": "", "external_id": "", "clear_on_close": false, "notify_on_close": false, "submit": nil, "close": nil, "title": nil,
	}
	maps.Copy(out, v.said)
	maps.Copy(out, map[string]any{
		"id": v.id, "hash": v.hash, "team_id": teamID, "app_id": appID, "bot_id": botID, "app_installed_team_id": teamID,
		"root_view_id": v.root, "previous_view_id": nil, "state": map[string]any{"values": v.state.shown(v.blocks())},
	})
	if v.previous != "" {
		out["previous_view_id"] = v.previous
	}
	return out
}

// pull makes a trigger for what a user has just done, in a modal or elsewhere.
func (s *Slack) pull(user, view string) string {
	s.count++
	id := fmt.Sprintf("%d.%d.%08x", s.clock.Now().UnixMilli(), 1_000_000+s.count, s.count*2_654_435_761%0xffffffff)
	s.trigger[id] = &trigger{user: user, at: s.clock.Now(), view: view}
	return id
}

// spend takes a trigger, which is good once and for three seconds.
func (s *Slack) spend(id string) (*trigger, string) {
	t := s.trigger[id]
	switch {
	case t == nil:
		return nil, "invalid_trigger_id"
	case s.clock.Now().Sub(t.at) > triggerLasts:
		return nil, "expired_trigger_id"
	case t.used:
		return nil, "exchanged_trigger_id"
	}
	t.used = true
	return t, ""
}

// readView reads a view of a type and says what is wrong with it.
func (s *Slack) readView(raw json.RawMessage, kind string) (said map[string]any, refusal *reply) {
	refuse := func(r reply) (map[string]any, *reply) { return nil, &r }
	if json.Unmarshal(raw, &said) != nil || said == nil {
		return refuse(refused("invalid_arguments", []string{"[ERROR] missing required field: view"}))
	}
	var v struct {
		Type   string  `json:"type"`
		Title  *text   `json:"title"`
		Submit *text   `json:"submit"`
		Close  *text   `json:"close"`
		Blocks []block `json:"blocks"`
	}
	problems := keep(s.limits, said, "", "/view")
	if json.Unmarshal(raw, &v) != nil {
		return refuse(refused("invalid_arguments", []string{"[ERROR] failed to match all allowed schemas [json-pointer:/view]"}))
	}
	complain := func(place, said string) {
		problems = append(problems, "[ERROR] "+said+" [json-pointer:/view"+place+"]")
	}
	if v.Type != kind {
		complain("/type", "must be "+kind)
	}
	blocks, isList := said["blocks"].([]any)
	if !isList {
		complain("", "missing required field: blocks")
	}
	problems = append(problems, structure(blocks, "/view/blocks")...)
	if kind == "modal" {
		for key, t := range map[string]*text{"title": v.Title, "submit": v.Submit, "close": v.Close} {
			if t != nil && t.Type != "plain_text" {
				complain("/"+key+"/type", "must be plain_text")
			}
		}
		if v.Title == nil {
			complain("", "missing required field: title")
		}
		if v.Submit == nil && slices.ContainsFunc(v.Blocks, func(b block) bool { return b.Type == "input" }) {
			complain("", "missing required field: submit")
		}
	}
	if len(problems) > 0 {
		slices.Sort(problems)
		return refuse(refused("invalid_arguments", problems))
	}
	if size(said) > maxView {
		return refuse(notOK("view_too_large"))
	}
	return said, nil
}

// newView makes a view that nobody sees yet.
func (s *Slack) newView(user string, said map[string]any) *view {
	v := &view{id: s.id("V"), user: user, state: values{}}
	v.root = v.id
	s.say(v, said)
	s.views[v.id] = v
	return v
}

// say gives a view new content. What the person filled in stays where block and
// action keep their ids.
func (s *Slack) say(v *view, said map[string]any) {
	s.named(func() []any { b, _ := said["blocks"].([]any); return b }())
	v.said, v.errors = said, nil
	s.count++
	v.hash = fmt.Sprintf("%d.%08x", s.clock.Now().Unix(), s.count)
}

// external reports whether an external id is taken by another view.
func (s *Slack) external(said map[string]any, but *view) bool {
	id, _ := said["external_id"].(string)
	if id == "" {
		return false
	}
	for _, v := range s.views {
		if v != but && v.text("external_id") == id {
			return true
		}
	}
	return false
}

func showing(v *view) reply { return ok(map[string]any{"view": v.shown()}) }

func (s *Slack) openView(c call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	raw, _ := c.object("view")
	said, refusal := s.readView(raw, "modal")
	if refusal != nil {
		return *refusal
	}
	if s.external(said, nil) {
		return notOK("duplicate_external_id")
	}
	t, word := s.spend(c.get("trigger_id"))
	if word != "" {
		return notOK(word)
	}
	s.dismiss(t.user)
	v := s.newView(t.user, said)
	s.modals[t.user] = []*view{v}
	return showing(v)
}

func (s *Slack) pushView(c call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	raw, _ := c.object("view")
	said, refusal := s.readView(raw, "modal")
	if refusal != nil {
		return *refusal
	}
	if s.external(said, nil) {
		return notOK("duplicate_external_id")
	}
	t, word := s.spend(c.get("trigger_id"))
	if word != "" {
		return notOK(word)
	}
	if t.view == "" || len(s.modals[t.user]) == 0 {
		return notOK("not_found")
	}
	v, word := s.push(t.user, said)
	if word != "" {
		return notOK(word)
	}
	return showing(v)
}

// push lays a view over the ones that a user has open.
func (s *Slack) push(user string, said map[string]any) (*view, string) {
	stack := s.modals[user]
	if len(stack) >= deepest {
		return nil, "push_limit_reached"
	}
	v := s.newView(user, said)
	v.root, v.previous = stack[0].root, stack[len(stack)-1].id
	s.modals[user] = append(stack, v)
	return v, ""
}

func (s *Slack) updateView(c call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	v := s.views[c.get("view_id")]
	if external := c.get("external_id"); v == nil && external != "" {
		for _, one := range s.views {
			if one.text("external_id") == external {
				v = one
			}
		}
	}
	if v == nil {
		return notOK("not_found")
	}
	raw, _ := c.object("view")
	said, refusal := s.readView(raw, v.text("type"))
	if refusal != nil {
		return *refusal
	}
	if hash := c.get("hash"); hash != "" && hash != v.hash {
		return notOK("hash_conflict")
	}
	if s.external(said, v) {
		return notOK("duplicate_external_id")
	}
	s.say(v, said)
	return showing(v)
}

func (s *Slack) publishView(c call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	user := c.get("user_id")
	if _, known := s.user(user); !known {
		return notOK("user_not_found") // docs.slack.dev names invalid_arguments as well
	}
	raw, _ := c.object("view")
	said, refusal := s.readView(raw, "home")
	if refusal != nil {
		return *refusal
	}
	v := s.homes[user]
	if hash := c.get("hash"); hash != "" && (v == nil || hash != v.hash) {
		return notOK("hash_conflict")
	}
	if s.external(said, v) {
		return notOK("duplicate_external_id")
	}
	if v == nil {
		v = s.newView(user, said)
		s.homes[user] = v
	} else {
		s.say(v, said)
	}
	return showing(v)
}

// dismiss closes all that a user has open.
func (s *Slack) dismiss(user string) {
	for _, v := range s.modals[user] {
		delete(s.views, v.id)
	}
	delete(s.modals, user)
}

// top is the view that a user sees, or nil.
func (s *Slack) top(user string) *view {
	if stack := s.modals[user]; len(stack) > 0 {
		return stack[len(stack)-1]
	}
	return nil
}

// drop closes the top view of a user; the one below it is seen again.
func (s *Slack) drop(user string) {
	if v := s.top(user); v != nil {
		delete(s.views, v.id)
		s.modals[user] = s.modals[user][:len(s.modals[user])-1]
	}
}
