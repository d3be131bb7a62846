package standin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// block is any block that the product uses, and element anything in one.
type block struct {
	Type      string    `json:"type"`
	ID        string    `json:"block_id"`
	Text      *text     `json:"text"`
	Fields    []text    `json:"fields"`
	Accessory *element  `json:"accessory"`
	Elements  []element `json:"elements"`
	Label     *text     `json:"label"`
	Hint      *text     `json:"hint"`
	Element   *element  `json:"element"`
	Optional  bool      `json:"optional"`
	Dispatch  bool      `json:"dispatch_action"`
	Title     *text     `json:"title"`
	ImageURL  string    `json:"image_url"`
	AltText   string    `json:"alt_text"`
}

type element struct {
	Type           string   `json:"type"`
	ID             string   `json:"action_id"`
	Text           *text    `json:"text"`
	Value          string   `json:"value"`
	URL            string   `json:"url"`
	Style          string   `json:"style"`
	Placeholder    *text    `json:"placeholder"`
	Options        []option `json:"options"`
	Groups         []group  `json:"option_groups"`
	InitialOption  *option  `json:"initial_option"`
	InitialOptions []option `json:"initial_options"`
	InitialValue   string   `json:"initial_value"`
	InitialDate    string   `json:"initial_date"`
	InitialTime    string   `json:"initial_time"`
	InitialUser    string   `json:"initial_user"`
	InitialUsers   []string `json:"initial_users"`
	Multiline      bool     `json:"multiline"`
	MinLength      int      `json:"min_length"`
	MaxLength      int      `json:"max_length"`
	Min            string   `json:"min_value"`
	Max            string   `json:"max_value"`
	Decimal        bool     `json:"is_decimal_allowed"`
	MaxSelected    int      `json:"max_selected_items"`
	Confirm        *confirm `json:"confirm"`
	AltText        string   `json:"alt_text"`
}

type confirm struct {
	Title   *text  `json:"title"`
	Text    *text  `json:"text"`
	Confirm *text  `json:"confirm"`
	Deny    *text  `json:"deny"`
	Style   string `json:"style"`
}

type group struct {
	Label   *text    `json:"label"`
	Options []option `json:"options"`
}

type option struct {
	Text        *text  `json:"text"`
	Value       string `json:"value"`
	Description *text  `json:"description,omitempty"`
}

// text is a text object, or the bare text of an element in a context block.
type text struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Emoji    bool   `json:"emoji"`
	Verbatim bool   `json:"verbatim,omitempty"`
}

// UnmarshalJSON takes both.
func (t *text) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &t.Text) == nil {
		return nil
	}
	type plain text
	t.Emoji = true
	return json.Unmarshal(b, (*plain)(t))
}

// all options of an element, those in groups too.
func (e element) all() []option {
	out := slices.Clone(e.Options)
	for _, g := range e.Groups {
		out = append(out, g.Options...)
	}
	return out
}

// typed are blocks to look into; what cannot be read is left out, as it was
// refused when it came.
func typed(raw []any) []block {
	b, err := json.Marshal(raw)
	if err != nil {
		return nil
	}
	var out []block
	if json.Unmarshal(b, &out) != nil {
		return nil
	}
	return out
}

// inside are the elements of a block with which a person acts.
func (b block) inside() []element {
	var out []element
	if b.Type == "actions" {
		out = append(out, b.Elements...)
	}
	for _, e := range []*element{b.Accessory, b.Element} {
		if e != nil && e.Type != "image" {
			out = append(out, *e)
		}
	}
	return out
}

// readBlocks reads the blocks of a message, and what is wrong with them.
func (s *Slack) readBlocks(raw json.RawMessage) (blocks []any, problems []string) {
	if json.Unmarshal(raw, &blocks) != nil {
		return nil, []string{"[ERROR] must be an array of blocks [json-pointer:/blocks]"}
	}
	if blocks == nil {
		blocks = []any{}
	}
	problems = keep(s.limits, map[string]any{"type": "message", "blocks": blocks}, "whole", "")
	return blocks, append(problems, structure(blocks, "/blocks")...)
}

// structure is what is wrong with blocks that stand at a pointer, lengths apart.
func structure(blocks []any, pointer string) (problems []string) {
	var read []block
	if b, err := json.Marshal(blocks); err != nil || json.Unmarshal(b, &read) != nil {
		return append(problems, "[ERROR] failed to match all allowed schemas [json-pointer:"+pointer+"]")
	}
	ids := map[string]bool{}
	for i, b := range read {
		at := pointer + "/" + strconv.Itoa(i)
		complain := func(place, format string, args ...any) {
			problems = append(problems, "[ERROR] "+fmt.Sprintf(format, args...)+" [json-pointer:"+at+place+"]")
		}
		if b.ID != "" && ids[b.ID] {
			complain("/block_id", "`block_id` %s already exists", b.ID)
		}
		ids[b.ID] = true
		b.check(complain)
		b.checkElements(complain)
	}
	return problems
}

// acting are the elements that may stand in an actions block or beside a section.
var acting = []string{
	"button", "checkboxes", "datepicker", "datetimepicker", "timepicker", "overflow", "radio_buttons", "static_select", "users_select",
	"multi_static_select", "multi_users_select", "channels_select", "conversations_select", "external_select", "multi_channels_select",
	"multi_conversations_select", "multi_external_select", "workflow_button",
}

// filling are those that may stand in an input block.
var filling = []string{
	"plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input", "file_input", "checkboxes", "datepicker",
	"datetimepicker", "timepicker", "radio_buttons", "static_select", "users_select", "multi_static_select", "multi_users_select",
	"channels_select", "conversations_select", "external_select", "multi_channels_select", "multi_conversations_select", "multi_external_select",
}

// check what no table of limits says: what must be there, and of which kind.
func (b block) check(complain func(place, format string, args ...any)) {
	switch b.Type {
	case "header":
		plain(b.Text, "/text", complain)
	case "section":
		if b.Text == nil && len(b.Fields) == 0 {
			complain("", "missing required field: text or fields")
		}
		if a := b.Accessory; a != nil && a.Type != "image" && !slices.Contains(acting, a.Type) {
			complain("/accessory/type", "unsupported type: %s", a.Type)
		}
	case "context":
		for i, e := range b.Elements {
			if !slices.Contains([]string{"mrkdwn", "plain_text", "image"}, e.Type) {
				complain("/elements/"+strconv.Itoa(i)+"/type", "unsupported type: %s", e.Type)
			}
		}
		if len(b.Elements) == 0 {
			complain("", "missing required field: elements")
		}
	case "actions":
		for i, e := range b.Elements {
			if !slices.Contains(acting, e.Type) || e.Type == "multi_static_select" || e.Type == "multi_users_select" {
				complain("/elements/"+strconv.Itoa(i)+"/type", "unsupported type: %s", e.Type)
			}
		}
		if len(b.Elements) == 0 {
			complain("", "missing required field: elements")
		}
	case "input":
		plain(b.Label, "/label", complain)
		if b.Element == nil {
			complain("", "missing required field: element")
		} else if !slices.Contains(filling, b.Element.Type) {
			complain("/element/type", "unsupported type: %s", b.Element.Type)
		}
	case "image":
		if b.AltText == "" || b.ImageURL == "" {
			complain("", "missing required field: image_url and alt_text")
		}
	case "divider", "rich_text", "markdown", "table", "video", "context_actions":
	default:
		complain("/type", "unsupported type: %s", b.Type)
	}
}

func (b block) checkElements(complain func(place, format string, args ...any)) {
	seen := map[string]bool{}
	for i, e := range b.inside() {
		at := "/elements/" + strconv.Itoa(i)
		if b.Accessory != nil {
			at = "/accessory"
		} else if b.Element != nil {
			at = "/element"
		}
		if e.ID != "" && seen[e.ID] {
			complain(at+"/action_id", "`action_id` %s already exists in this block", e.ID)
		}
		seen[e.ID] = true
		switch e.Type {
		case "button":
			plain(e.Text, at+"/text", complain)
			if !slices.Contains([]string{"", "primary", "danger"}, e.Style) {
				complain(at+"/style", "must be one of primary, danger")
			}
		case "static_select", "multi_static_select", "radio_buttons", "checkboxes", "overflow":
			if len(e.all()) == 0 {
				complain(at, "missing required field: options")
			}
			for _, o := range e.all() {
				if o.Text == nil || (o.Value == "" && e.Type != "overflow") {
					complain(at+"/options", "an option wants text and value")
				}
			}
		}
		if c := e.Confirm; c != nil && (c.Title == nil || c.Text == nil || c.Confirm == nil || c.Deny == nil) {
			complain(at+"/confirm", "missing required field: title, text, confirm and deny")
		}
	}
}

func plain(t *text, at string, complain func(place, format string, args ...any)) {
	if t == nil {
		complain("", "missing required field: %s", at[1:])
	} else if t.Type != "plain_text" {
		complain(at+"/type", "must be plain_text")
	}
}

// named gives a block_id to each block and an action_id to each element that
// came without, as Slack does.
func (s *Slack) named(blocks []any) []any {
	for _, raw := range blocks {
		b, isObject := raw.(map[string]any)
		if !isObject {
			continue
		}
		if id, _ := b["block_id"].(string); id == "" {
			b["block_id"] = s.id("b")
		}
		elements, _ := b["elements"].([]any)
		if b["type"] != "actions" {
			elements = nil
		}
		for _, e := range append(elements, b["accessory"], b["element"]) {
			if e, isObject := e.(map[string]any); isObject && e["type"] != "image" {
				if id, _ := e["action_id"].(string); id == "" {
					e["action_id"] = s.id("a")
				}
			}
		}
	}
	return blocks
}
