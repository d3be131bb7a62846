package standin

import (
	"html"
	"html/template"
	"slices"
	"strconv"
	"strings"
)

// shownBlock is a block as a template shows it.
type shownBlock struct {
	Kind         string // header, section, context, actions, divider, input, other
	Text         template.HTML
	Fields       []template.HTML
	Controls     []control
	Label, Hint  string
	Error        string
	Optional, In bool // In: it is filled in, and sent with the whole
}

// control is an element that a person uses.
type control struct {
	Kind        string // button, link, select, radio, check, text, lines, number, date, time, unknown
	ID, Name    string // of the element in HTML; block/action
	Label       string
	Style, URL  string
	Placeholder string
	Value       string
	Options     []shownOption
	Min, Max    string
	Step        string
	Most        int
	Many        bool
	Required    bool
	Confirm     bool
	Acts        bool // it has a button of its own beside it
}

type shownOption struct {
	ID, Value, Text, About string
	Chosen                 bool
}

// painter shows the blocks of one surface.
type painter struct {
	eyes   eyes
	prefix string // of ids in HTML, different on each surface of a page
	state  values
	errors map[string]string
	people []User
}

func (p painter) blocks(raw []any) []shownBlock {
	var out []shownBlock
	for i, b := range typed(raw) {
		s := p.block(b)
		for j, e := range b.inside() {
			s.Controls = append(s.Controls, p.control(b, e, p.prefix+"-"+strconv.Itoa(i)+"-"+strconv.Itoa(j)))
		}
		out = append(out, s)
	}
	return out
}

func (p painter) block(b block) shownBlock {
	s := shownBlock{Kind: b.Type, Label: said(b.Label), Hint: said(b.Hint), Optional: b.Optional, Error: p.errors[b.ID], In: b.Type == "input"}
	switch b.Type {
	case "header", "section":
		s.Text = p.text(b.Text)
		for _, f := range b.Fields {
			s.Fields = append(s.Fields, p.text(&f))
		}
		if a := b.Accessory; a != nil && a.Type == "image" {
			s.Fields = append(s.Fields, picture(a.AltText))
		}
	case "context":
		for _, e := range b.Elements {
			if e.Type == "image" {
				s.Fields = append(s.Fields, picture(e.AltText))
				continue
			}
			s.Fields = append(s.Fields, p.text(&text{Type: e.Type, Text: said(e.Text), Emoji: true}))
		}
	case "image":
		s.Kind, s.Text = "section", picture(b.AltText)
	case "actions", "divider", "input":
	default:
		s.Kind, s.Label = "other", b.Type
	}
	return s
}

// picture stands for one: the page fetches nothing.
func picture(alt string) template.HTML {
	return template.HTML(`<span class="quiet">[picture: ` + html.EscapeString(alt) + `]</span>`) //nolint:gosec // escaped
}

func said(t *text) string {
	if t == nil {
		return ""
	}
	return t.Text
}

func (p painter) text(t *text) template.HTML {
	if t == nil {
		return ""
	}
	if t.Type == "plain_text" {
		words := entities.Replace(t.Text)
		if t.Emoji {
			words = pictured(words)
		}
		return template.HTML(strings.ReplaceAll(html.EscapeString(words), "\n", "<br>")) //nolint:gosec // escaped
	}
	return p.eyes.mrkdwn(t.Text, t.Verbatim)
}

// shapes are the kinds of control by the type of an element.
var shapes = map[string]string{
	"button": "button", "static_select": "select", "multi_static_select": "select", "overflow": "select", "users_select": "select",
	"multi_users_select": "select", "radio_buttons": "radio", "checkboxes": "check", "plain_text_input": "text", "number_input": "number",
	"datepicker": "date", "timepicker": "time", "email_text_input": "text", "url_text_input": "text",
}

func (p painter) control(b block, e element, id string) control {
	holds := p.state.of(b, e)
	c := control{
		Kind: shapes[e.Type], ID: id, Name: place(b, e), Label: said(e.Text), Style: e.Style, Placeholder: said(e.Placeholder),
		Value: strings.Join(holds, ""), Min: e.Min, Max: e.Max, Most: e.MaxLength, Many: strings.HasPrefix(e.Type, "multi_"),
		Required: b.Type == "input" && !b.Optional, Confirm: e.Confirm != nil, Acts: b.Type != "input" || b.Dispatch,
	}
	if e.Type == "plain_text_input" && e.Multiline {
		c.Kind = "lines"
	}
	if e.Type == "number_input" {
		c.Step = "1"
		if e.Decimal {
			c.Step = "any"
		}
	}
	if e.Type == "button" && strings.HasPrefix(link(e.URL, ""), "<a ") {
		c.Kind, c.URL = "link", e.URL
	}
	if c.Kind == "" {
		c.Kind, c.Label = "unknown", e.Type
	}
	if c.Label == "" {
		c.Label = strings.ReplaceAll(e.ID, "_", " ")
	}
	for i, o := range e.all() {
		c.Options = append(c.Options, shownOption{
			ID: id + "-" + strconv.Itoa(i), Value: o.Value, Text: entities.Replace(said(o.Text)), About: entities.Replace(said(o.Description)), Chosen: slices.Contains(holds, o.Value),
		})
	}
	if strings.HasSuffix(e.Type, "users_select") {
		for i, u := range p.people {
			c.Options = append(c.Options, shownOption{ID: id + "-" + strconv.Itoa(i), Value: u.ID, Text: u.Name, Chosen: slices.Contains(holds, u.ID)})
		}
	}
	return c
}

// typing reports whether a person may be filling something in.
func typing(blocks []shownBlock) bool {
	return slices.ContainsFunc(blocks, func(b shownBlock) bool {
		return slices.ContainsFunc(b.Controls, func(c control) bool { return c.Kind != "button" && c.Kind != "link" })
	})
}
