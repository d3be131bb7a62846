package standin

import (
	"cmp"
	"encoding/json"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"
)

// looked is the page as one person sees it.
type looked struct {
	where
	Title, Name string
	People      []tab
	Rooms       []tab
	Notice      string
	Messages    []shownMessage
	Tab, Modal  *shownView
	Command     string
	Refresh     bool
	Now         time.Time
}

// tab leads somewhere on the page.
type tab struct {
	Name, URL, Note string
	Here            bool
}

type shownMessage struct {
	where
	Channel, TS  string
	At           time.Time
	Only, Edited bool
	Thread       bool
	Text         template.HTML
	Blocks       []shownBlock
	Before       []shownMessage // oldest first; TS and At are when each ended
	Notification string
	Source       string
}

type shownView struct {
	where
	ID, Title, Submit, Close string
	Blocks                   []shownBlock
	Depth                    int
}

// eyes of a person.
func (s *Slack) eyes(user string) eyes {
	u := User{}
	for _, one := range s.users {
		if one.ID == user {
			u = one
		}
	}
	return eyes{
		zone: u.zone(), now: s.stamps.Now(),
		user: func(id string) string {
			if id == botUser {
				return "Holdfast"
			}
			for _, one := range s.users {
				if one.ID == id {
					return one.Name
				}
			}
			return ""
		},
		room: func(id string) string {
			for _, r := range s.rooms {
				if r.id == id && r.user == "" {
					return r.name
				}
			}
			return ""
		},
	}
}

// look at the page from a place in it; what does not exist is the first that does.
func (s *Slack) look(at where) looked {
	if !slices.ContainsFunc(s.users, func(u User) bool { return u.ID == at.As }) {
		at = where{}
		if len(s.users) > 0 {
			at.As = s.users[0].ID
		}
	}
	room := s.openRoom(&at)
	p := looked{where: at, Title: "Slack", Notice: explained(s.notices[at.As]), Command: s.o.Command, Now: s.stamps.Now()}
	for _, u := range s.users {
		p.People = append(p.People, tab{Name: cmp.Or(u.Name, u.ID), URL: at.as(u.ID).URL(), Here: u.ID == at.As, Note: s.waitsFor(u.ID)})
		if u.ID == at.As {
			p.Name = cmp.Or(u.Name, u.ID)
		}
	}
	for _, r := range s.rooms {
		if r.user != "" && r.user != at.As {
			continue
		}
		name := "#" + r.name
		if r.user != "" {
			name = "Holdfast, directly"
		}
		p.Rooms = append(p.Rooms, tab{Name: name, URL: at.in(r.id).URL(), Here: !at.Home && r.id == at.Room})
		if r == room && !at.Home {
			p.Title = name
		}
	}
	if at.Home {
		p.Title = "App Home"
		p.Tab = s.paintView(at, s.homes[at.As], "home")
	} else if room != nil {
		p.Messages = s.paintRoom(at, room)
	}
	p.Modal = s.paintView(at, s.top(at.As), "modal")
	p.Refresh = !at.Pause && p.Modal == nil && (p.Tab == nil || !typing(p.Tab.Blocks)) &&
		!slices.ContainsFunc(p.Messages, func(m shownMessage) bool { return typing(m.Blocks) })
	return p
}

// openRoom is the room that at names, or the first that its person sees: their
// direct messages before all.
func (s *Slack) openRoom(at *where) *room {
	var first *room
	for _, r := range s.rooms {
		if r.user != "" && r.user != at.As {
			continue
		}
		if r.id == at.Room {
			return r
		}
		if first == nil || (r.user != "" && first.user == "") {
			first = r
		}
	}
	at.Room = ""
	if first != nil {
		at.Room = first.id
	}
	return first
}

// waitsFor says that a form is open before a person, or how many direct messages they have.
func (s *Slack) waitsFor(user string) string {
	if s.top(user) != nil {
		return "form open"
	}
	for _, r := range s.rooms {
		if r.user == user && len(r.messages) > 0 {
			return strconv.Itoa(len(r.messages))
		}
	}
	return ""
}

// explained is a problem in a sentence, with Slack's own word.
func explained(problem string) string {
	sentence, known := map[string]string{
		"operation_timeout":        "the app did not answer within three seconds",
		"dispatch_failed":          "the app could not be reached",
		"http_service_error":       "the app answered with a server error",
		"http_client_error":        "the app refused the request",
		"not_configured":           "no app is connected that could answer",
		"trouble_connecting":       "the app's answer is not one that Slack takes; Slack says: we had some trouble connecting",
		"invalid_command_response": "the app's answer to the command is not one that Slack takes",
		"invalid_input":            "the form is not complete",
	}[problem]
	if known {
		return "Not done: " + sentence + " (" + problem + ")."
	}
	if problem != "" {
		return "Not done: " + problem + "."
	}
	return ""
}

// paintRoom shows the messages of a room that a person sees, the newest first.
func (s *Slack) paintRoom(at where, r *room) (out []shownMessage) {
	for _, m := range slices.Backward(r.messages) {
		if m.deleted || (m.only != "" && m.only != at.As) {
			continue
		}
		if len(out) == 100 {
			break
		}
		out = append(out, s.paintMessage(at, m))
	}
	return out
}

func (s *Slack) paintMessage(at where, m *message) shownMessage {
	paint := painter{eyes: s.eyes(at.As), prefix: "m" + strings.ReplaceAll(m.ts, ".", "-"), state: m.state, people: s.users}
	shown := shownMessage{
		where: at, Channel: m.room.id, TS: m.ts, At: stampTime(m.ts).In(paint.eyes.zone), Only: m.only != "", Edited: m.edited != "", Thread: m.thread != "",
		Blocks: paint.blocks(m.blocks), Source: source(m),
	}
	shown.Text, shown.Notification = paint.words(m.text, shown.Blocks)
	for _, v := range m.before {
		paint.prefix += "v"
		old := shownMessage{At: stampTime(v.until).In(paint.eyes.zone), Blocks: paint.blocks(v.blocks)}
		old.Text, _ = paint.words(v.text, old.Blocks)
		shown.Before = append(shown.Before, old)
	}
	return shown
}

// words of a message stand in it when it has no blocks, and are only what phones
// show when it has.
func (p painter) words(text string, blocks []shownBlock) (inside template.HTML, notification string) {
	if len(blocks) > 0 {
		return "", entities.Replace(text)
	}
	return p.eyes.mrkdwn(text, false), ""
}

// source is what the app posted, for whoever writes it.
func source(m *message) string {
	fields := map[string]any{"text": m.text}
	if m.blocks != nil {
		fields["blocks"] = m.blocks
	}
	if m.metadata != nil {
		fields["metadata"] = m.metadata
	}
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false) // the template escapes it
	e.SetIndent("", "  ")
	if e.Encode(fields) != nil {
		return ""
	}
	return out.String()
}

// stampTime is the second of a ts.
func stampTime(ts string) time.Time {
	whole, _, _ := strings.Cut(ts, ".")
	unix, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{} // no ts of ours
	}
	return time.Unix(unix, 0)
}

func (s *Slack) paintView(at where, v *view, prefix string) *shownView {
	if v == nil {
		return nil
	}
	paint := painter{eyes: s.eyes(at.As), prefix: prefix, state: v.state, errors: v.errors, people: s.users}
	shown := &shownView{where: at, ID: v.id, Blocks: paint.blocks(v.blocks()), Depth: len(s.modals[v.user]), Close: "Cancel"}
	for key, to := range map[string]*string{"title": &shown.Title, "submit": &shown.Submit, "close": &shown.Close} {
		if t, isText := v.said[key].(map[string]any); isText {
			if said, isString := t["text"].(string); isString {
				*to = entities.Replace(said)
			}
		}
	}
	return shown
}
