package standin

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// limit of Block Kit: what stands at path in an object called kind.
type limit struct {
	kind, path, rule string // rule is maxLength, minItems, maximum …
	n                int
}

// Slack's limits, from docs.slack.dev/reference/block-kit and the JSDoc of
// @slack/types. A file of the same form may add to them.
//
//go:embed slack_limits.txt
var limitsText string

// limitsOf are the built-in ones, and those of a file where one is named.
func limitsOf(file string) ([]limit, error) {
	limits, err := parseLimits(strings.NewReader(limitsText))
	if err != nil || file == "" {
		return limits, err
	}
	more, err := readLimits(file)
	return append(limits, more...), err
}

func readLimits(file string) ([]limit, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open the limits: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	limits, err := parseLimits(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return limits, nil
}

var rules = []string{"maxLength", "minLength", "maxItems", "minItems", "maximum", "minimum"}

// parseLimits reads lines such as "SectionBlock.fields[].text maxLength=2000".
func parseLimits(r io.Reader) (limits []limit, err error) {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		place, said, ok := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		kind, path, ok2 := strings.Cut(place, ".")
		rule, number, ok3 := strings.Cut(said, "=")
		most, err := strconv.Atoi(number)
		if !ok || !ok2 || !ok3 || err != nil || !slices.Contains(rules, rule) {
			return nil, fmt.Errorf("line %d: want a limit such as Button.text.text maxLength=75", n)
		}
		limits = append(limits, limit{kind: kind, path: path, rule: rule, n: most})
	}
	return limits, lines.Err()
}

// check is what l finds wrong with an object at a pointer.
func (l limit) check(o map[string]any, at string) (problems []string) {
	each(o, strings.Split(l.path, "."), at, func(v any, at string) {
		if said := l.judge(v); said != "" {
			problems = append(problems, "[ERROR] "+said+" [json-pointer:"+at+"]")
		}
	})
	return problems
}

// judge v in the words that Slack uses.
func (l limit) judge(v any) string {
	size, number := -1, 0.0
	switch v := v.(type) {
	case string:
		size = length(v)
	case []any:
		size = len(v)
	case float64:
		number = v
	}
	switch {
	case l.rule == "maxLength" && size > l.n:
		return fmt.Sprintf("must be less than %d characters", l.n+1)
	case l.rule == "minLength" && size >= 0 && size < l.n:
		return fmt.Sprintf("must be more than %d characters", l.n-1)
	case l.rule == "maxItems" && size > l.n:
		return fmt.Sprintf("no more than %d items allowed", l.n)
	case l.rule == "minItems" && size >= 0 && size < l.n:
		return fmt.Sprintf("no fewer than %d items allowed", l.n)
	case l.rule == "maximum" && size < 0 && number > float64(l.n):
		return fmt.Sprintf("must be no more than %d", l.n)
	case l.rule == "minimum" && size < 0 && number < float64(l.n):
		return fmt.Sprintf("must be no less than %d", l.n)
	}
	return ""
}

// each visits what stands at path below v; fields[] is every item of fields.
func each(v any, path []string, at string, visit func(any, string)) {
	if len(path) == 0 {
		visit(v, at)
		return
	}
	name, items := strings.CutSuffix(path[0], "[]")
	o, isObject := v.(map[string]any)
	child, there := o[name]
	if !isObject || !there {
		return
	}
	at += "/" + name
	if !items {
		each(child, path[1:], at, visit)
		return
	}
	list, _ := child.([]any)
	for i, item := range list {
		each(item, path[1:], at+"/"+strconv.Itoa(i), visit)
	}
}

// kinds are the names of limits by the type of an object in JSON; what else an
// object counts as follows from its key.
var kinds = map[string]string{
	"actions": "ActionsBlock", "section": "SectionBlock", "context": "ContextBlock", "divider": "DividerBlock",
	"header": "HeaderBlock", "input": "InputBlock", "image": "ImageBlock", "video": "VideoBlock", "rich_text": "RichTextBlock",
	"file": "FileBlock", "table": "TableBlock", "markdown": "MarkdownBlock", "alert": "AlertBlock", "card": "CardBlock",
	"carousel": "CarouselBlock", "container": "ContainerBlock", "context_actions": "ContextActionsBlock", "data_table": "DataTableBlock",
	"task_card": "TaskCardBlock", "plan": "PlanBlock",

	"button": "Button", "workflow_button": "WorkflowButton", "checkboxes": "Checkboxes", "datepicker": "Datepicker",
	"datetimepicker": "DateTimepicker", "timepicker": "Timepicker", "overflow": "Overflow", "radio_buttons": "RadioButtons",
	"plain_text_input": "PlainTextInput", "number_input": "NumberInput", "email_text_input": "EmailInput", "url_text_input": "URLInput",
	"file_input": "FileInput", "rich_text_input": "RichTextInput", "feedback_buttons": "FeedbackButtons", "icon_button": "IconButton",
	"static_select": "StaticSelect", "multi_static_select": "MultiStaticSelect", "users_select": "UsersSelect",
	"multi_users_select": "MultiUsersSelect", "channels_select": "ChannelsSelect", "multi_channels_select": "MultiChannelsSelect",
	"conversations_select": "ConversationsSelect", "multi_conversations_select": "MultiConversationsSelect",
	"external_select": "ExternalSelect", "multi_external_select": "MultiExternalSelect",

	"plain_text": "PlainTextElement", "mrkdwn": "MrkdwnElement", "raw_text": "RawTextElement", "raw_number": "RawNumberElement",
	"modal": "ModalView", "home": "HomeView", "message": "Message",
}

// names of an object that stands under key: those that limits may have for it.
func names(o map[string]any, key string) []string {
	kind, _ := o["type"].(string)
	out := []string{}
	if name := kinds[kind]; name != "" {
		out = append(out, name)
	}
	switch key {
	case "blocks", "child_blocks":
		out = append(out, "Block")
	case "options", "initial_options", "initial_option":
		out = append(out, "OptionDescriptor", "PlainTextOption", "MrkdwnOption")
	case "confirm":
		if _, dialog := o["confirm"]; dialog || kind == "" {
			out = append(out, "ConfirmationDialog", "Confirm")
		}
	case "": // the whole
		out = append(out, "View", "BaseView")
	}
	if _, acts := o["action_id"]; acts {
		out = append(out, "Actionable", "Action")
	}
	if _, holds := o["placeholder"]; holds {
		out = append(out, "Placeholdable")
	}
	if _, many := o["max_selected_items"]; many {
		out = append(out, "MaxItemsSelectable")
	}
	return out
}

// keep holds v, which stands under key, and all in it against limits. Slack
// says a thing once, although several limits may find it.
func keep(limits []limit, v any, key, at string) (problems []string) {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			problems = append(problems, keep(limits, item, key, at+"/"+strconv.Itoa(i))...)
		}
	case map[string]any:
		called := names(v, key)
		for _, l := range limits {
			if slices.Contains(called, l.kind) {
				problems = append(problems, l.check(v, at)...)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			problems = append(problems, keep(limits, v[key], key, at+"/"+key)...)
		}
	}
	slices.Sort(problems)
	return slices.Compact(problems)
}

// length counts as Slack does, in UTF-16.
func length(s string) int { return len(utf16.Encode([]rune(s))) }

// size of v as Slack counts what is too much: characters of its JSON.
func size(v any) int {
	b, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return length(string(b))
}
