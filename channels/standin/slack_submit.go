package standin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
)

// Submit fills in a modal and submits it: view_submission. A form that Slack
// itself finds wrong, such as one with a required field left empty, is not sent:
// Sent.Problem is then invalid_input. The app's answer is obeyed: errors stay on
// the form, and update, push, clear or nothing do to the modal what they say.
func (s *Slack) Submit(ctx context.Context, viewID string, filled Values) (Sent, error) {
	payload, v, err := s.viewSubmission(viewID, filled)
	if err != nil || payload == nil {
		return Sent{Kind: "view_submission", Problem: "invalid_input"}, err
	}
	sent, err := s.interactive(ctx, payload)
	if err == nil && sent.Problem == "" {
		sent.Problem = s.obey(v, sent.Answer)
	}
	s.notice(v.user, sent.Problem)
	return sent, err
}

// viewSubmission has no payload when the form is not to be sent.
func (s *Slack) viewSubmission(viewID string, filled Values) (map[string]any, *view, error) {
	s.state.Lock()
	defer s.state.Unlock()
	v, err := s.openModal(viewID)
	if err != nil {
		return nil, nil, err
	}
	said, err := filled.placed(typed(v.blocks()))
	if err != nil {
		return nil, nil, err
	}
	v.state.merge(said)
	if v.errors = v.state.faults(v.blocks()); len(v.errors) > 0 {
		return nil, v, nil
	}
	who, _ := s.user(v.user)
	p := s.payload("view_submission", who)
	p["trigger_id"] = s.pull(who.ID, v.id)
	p["view"] = v.shown()
	p["response_urls"] = []any{}
	return p, v, nil
}

// openModal is the view if its user has it in front of them.
func (s *Slack) openModal(id string) (*view, error) {
	v := s.views[id]
	if v == nil || s.top(v.user) != v {
		return nil, fmt.Errorf("%w: no modal %q is open", errNoSuch, id)
	}
	return v, nil
}

// obey does with a modal what the app answered, or says what Slack would show.
// https://docs.slack.dev/surfaces/modals#modal_response
func (s *Slack) obey(v *view, answer []byte) (problem string) {
	s.state.Lock()
	defer s.state.Unlock()
	if s.top(v.user) != v {
		return "" // it was closed meanwhile
	}
	if len(bytes.TrimSpace(answer)) == 0 {
		s.drop(v.user)
		return ""
	}
	var said struct {
		Action string            `json:"response_action"`
		View   json.RawMessage   `json:"view"`
		Errors map[string]string `json:"errors"`
	}
	const trouble = "trouble_connecting"
	if json.Unmarshal(answer, &said) != nil {
		return trouble
	}
	switch said.Action {
	case "":
		s.drop(v.user)
	case "clear":
		s.dismiss(v.user)
	case "errors":
		if len(said.Errors) == 0 {
			return trouble
		}
		inputs := map[string]bool{}
		for _, b := range typed(v.blocks()) {
			inputs[b.ID] = b.Type == "input"
		}
		for id := range said.Errors {
			if !inputs[id] {
				return trouble
			}
		}
		v.errors = maps.Clone(said.Errors)
	case "update", "push":
		next, refusal := s.readView(said.View, "modal")
		if refusal != nil {
			return trouble
		}
		if said.Action == "update" {
			s.say(v, next)
		} else if _, word := s.push(v.user, next); word != "" {
			return trouble
		}
	default:
		return trouble
	}
	return ""
}

// Close closes a modal as its Cancel does, and tells the app where the view
// asked for it (view_closed); Sent is empty where it did not.
func (s *Slack) Close(ctx context.Context, viewID string) (Sent, error) {
	s.state.Lock()
	v, err := s.openModal(viewID)
	if err != nil {
		s.state.Unlock()
		return Sent{}, err
	}
	who, _ := s.user(v.user)
	p := s.payload("view_closed", who)
	p["view"] = v.shown()
	p["is_cleared"] = v.flag("clear_on_close")
	if v.flag("clear_on_close") {
		s.dismiss(v.user)
	} else {
		s.drop(v.user)
	}
	s.state.Unlock()
	if !v.flag("notify_on_close") {
		return Sent{}, nil
	}
	sent, err := s.interactive(ctx, p)
	s.notice(who.ID, sent.Problem)
	return sent, err
}
