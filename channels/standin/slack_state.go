package standin

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Values are what a person filled in: by "block_id/action_id", or by action_id
// alone where only one element has it. Values of options, ids of users, a date
// such as 2026-06-01, or text; what is not named keeps what it shows.
type Values map[string][]string

// values are Values by block and action.
type values map[string][]string

func place(b block, e element) string { return b.ID + "/" + e.ID }

// placed finds the elements that v names in blocks.
func (v Values) placed(blocks []block) (values, error) {
	out := values{}
	for key, said := range v {
		found := []string{}
		for _, b := range blocks {
			for _, e := range b.inside() {
				if key == place(b, e) || key == e.ID {
					found = append(found, place(b, e))
				}
			}
		}
		if len(found) != 1 {
			return nil, fmt.Errorf("%w: %d elements are called %q", errNoSuch, len(found), key)
		}
		out[found[0]] = said
	}
	return out, nil
}

// merge adds what more says.
func (v *values) merge(more values) {
	if *v == nil {
		*v = values{}
	}
	maps.Copy(*v, more)
}

// of an element: what was filled in, or what it shows at first.
func (v values) of(b block, e element) []string {
	if said, filled := v[place(b, e)]; filled {
		return slices.DeleteFunc(slices.Clone(said), func(s string) bool { return s == "" })
	}
	var out []string
	for _, first := range []string{e.InitialValue, e.InitialDate, e.InitialTime, e.InitialUser} {
		if first != "" {
			out = append(out, first)
		}
	}
	if e.InitialOption != nil {
		out = append(out, e.InitialOption.Value)
	}
	for _, o := range e.InitialOptions {
		out = append(out, o.Value)
	}
	return append(out, e.InitialUsers...)
}

// shown is state.values of a payload: every element that holds something, by
// block and action. https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
func (v values) shown(raw []any) map[string]any {
	out := map[string]any{}
	for _, b := range typed(raw) {
		held := map[string]any{}
		for _, e := range b.inside() {
			if e.Type == "button" || e.Type == "overflow" || e.Type == "workflow_button" {
				continue
			}
			held[e.ID] = e.holding(v.of(b, e))
		}
		if len(held) > 0 {
			out[b.ID] = held
		}
	}
	return out
}

// holding is what an element of e's type shows of said.
func (e element) holding(said []string) map[string]any {
	out := map[string]any{"type": e.Type}
	one := func() any {
		if len(said) == 0 {
			return nil
		}
		return said[0]
	}
	switch e.Type {
	case "static_select", "radio_buttons", "overflow", "external_select":
		out["selected_option"] = nil
		if chosen := e.chosen(said); len(chosen) > 0 {
			out["selected_option"] = chosen[0]
		}
	case "multi_static_select", "checkboxes":
		out["selected_options"] = e.chosen(said)
	case "users_select":
		out["selected_user"] = one()
	case "multi_users_select":
		out["selected_users"] = append([]string{}, said...)
	case "conversations_select":
		out["selected_conversation"] = one()
	case "channels_select":
		out["selected_channel"] = one()
	case "datepicker":
		out["selected_date"] = one()
	case "timepicker":
		out["selected_time"] = one()
	case "datetimepicker":
		out["selected_date_time"] = nil
		if len(said) > 0 {
			if n, err := strconv.ParseInt(said[0], 10, 64); err == nil {
				out["selected_date_time"] = n
			}
		}
	default:
		out["value"] = one()
	}
	return out
}

// chosen are the options of e with the values said, in the order of e.
func (e element) chosen(said []string) []option {
	out := []option{}
	for _, o := range e.all() {
		if slices.Contains(said, o.Value) {
			out = append(out, o)
		}
	}
	return out
}

// faults are what Slack itself tells a person of a form before it sends it, by block.
func (v values) faults(raw []any) map[string]string {
	out := map[string]string{}
	for _, b := range typed(raw) {
		if b.Type != "input" || b.Element == nil {
			continue
		}
		if wrong := b.Element.wrong(v.of(b, *b.Element), b.Optional); wrong != "" {
			out[b.ID] = wrong
		}
	}
	return out
}

func (e element) wrong(said []string, optional bool) string {
	text := strings.Join(said, "")
	if strings.TrimSpace(text) == "" {
		if optional {
			return ""
		}
		return "Please complete this required field."
	}
	n := length(text)
	switch e.Type {
	case "plain_text_input":
		most := e.MaxLength
		if most == 0 {
			most = 3000
		}
		if n > most {
			return fmt.Sprintf("Must be less than %d characters.", most+1)
		}
		if n < e.MinLength {
			return fmt.Sprintf("Must be at least %d characters.", e.MinLength)
		}
	case "number_input":
		return e.wrongNumber(text)
	case "static_select", "radio_buttons", "multi_static_select", "checkboxes":
		if len(e.chosen(said)) != len(said) {
			return "Choose one of the options."
		}
	case "users_select", "multi_users_select":
		if slices.ContainsFunc(said, func(s string) bool { return !userID.MatchString(s) }) {
			return "Choose a person."
		}
	}
	return ""
}

func (e element) wrongNumber(text string) string {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || (!e.Decimal && strings.ContainsAny(text, ".,eE")) {
		return "Enter a number."
	}
	if least, err := strconv.ParseFloat(e.Min, 64); err == nil && x < least {
		return "Must be at least " + e.Min + "."
	}
	if most, err := strconv.ParseFloat(e.Max, 64); err == nil && x > most {
		return "Must be at most " + e.Max + "."
	}
	return ""
}
