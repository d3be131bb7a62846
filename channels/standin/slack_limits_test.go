package standin_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	slackgo "github.com/slack-go/slack"

	"holdfast/channels/standin"
)

// form fills %s in a list of blocks.
func form(block string, n int) string {
	return strings.ReplaceAll(strings.ReplaceAll("["+block+"]", "LONG", strings.Repeat("x", n)), "MANY", strings.TrimSuffix(strings.Repeat("ITEM,", n), ","))
}

const (
	option = `{"text":{"type":"plain_text","text":"o"},"value":"v"}`
	button = `{"type":"button","text":{"type":"plain_text","text":"b"}}`
	field  = `{"type":"mrkdwn","text":"f"}`
)

// limits of what a message may hold: the most, and a block that has so many.
var messageLimits = map[string]struct {
	most        int
	block, item string
}{
	"header":            {150, `{"type":"header","text":{"type":"plain_text","text":"LONG"}}`, ""},
	"section text":      {3000, `{"type":"section","text":{"type":"mrkdwn","text":"LONG"}}`, ""},
	"section fields":    {10, `{"type":"section","fields":[MANY]}`, field},
	"section field":     {2000, `{"type":"section","fields":[{"type":"mrkdwn","text":"LONG"}]}`, ""},
	"context elements":  {10, `{"type":"context","elements":[MANY]}`, field},
	"actions":           {25, `{"type":"actions","elements":[MANY]}`, button},
	"button text":       {75, `{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"LONG"}}]}`, ""},
	"button value":      {2000, `{"type":"actions","elements":[{"type":"button","value":"LONG","text":{"type":"plain_text","text":"b"}}]}`, ""},
	"action id":         {255, `{"type":"actions","elements":[{"type":"button","action_id":"LONG","text":{"type":"plain_text","text":"b"}}]}`, ""},
	"block id":          {255, `{"type":"divider","block_id":"LONG"}`, ""},
	"options":           {100, `{"type":"actions","elements":[{"type":"static_select","options":[MANY]}]}`, option},
	"option text":       {75, `{"type":"actions","elements":[{"type":"static_select","options":[{"text":{"type":"plain_text","text":"LONG"},"value":"v"}]}]}`, ""},
	"radio options":     {10, `{"type":"actions","elements":[{"type":"radio_buttons","options":[MANY]}]}`, option},
	"placeholder":       {150, `{"type":"actions","elements":[{"type":"users_select","placeholder":{"type":"plain_text","text":"LONG"}}]}`, ""},
	"label":             {2000, `{"type":"input","label":{"type":"plain_text","text":"LONG"},"element":{"type":"plain_text_input"}}`, ""},
	"confirm title":     {100, confirmed("LONG", "t", "c"), ""},
	"confirm text":      {300, confirmed("t", "LONG", "c"), ""},
	"confirm button":    {30, confirmed("t", "t", "LONG"), ""},
	"blocks":            {50, `MANY`, `{"type":"divider"}`},
	"nothing in a text": {-1, `{"type":"section","text":{"type":"mrkdwn","text":"LONG"}}`, ""},
}

func confirmed(title, text, yes string) string {
	p := func(s string) string { return `{"type":"plain_text","text":"` + s + `"}` }
	return `{"type":"actions","elements":[{"type":"button","text":` + p("b") + `,"confirm":{"title":` + p(title) + `,"text":` + p(text) + `,"confirm":` + p(yes) + `,"deny":` + p("no") + `}}]}`
}

func blocksOf(t *testing.T, text string) slackgo.MsgOption {
	t.Helper()
	var blocks slackgo.Blocks
	if err := json.Unmarshal([]byte(text), &blocks); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return slackgo.MsgOptionBlocks(blocks.BlockSet...)
}

func TestTheLimitsOfBlockKitAreKept(t *testing.T) {
	t.Parallel()
	d := newDesk(t, standin.SlackOptions{})
	for name, c := range messageLimits {
		fill := func(n int) string { return strings.ReplaceAll(form(c.block, n), "ITEM", c.item) }
		if c.most > 0 {
			d.post(t, "C1", say("x"), blocksOf(t, fill(c.most)))
		}
		_, _, err := d.api.PostMessage("C1", say("x"), blocksOf(t, fill(c.most+1)))
		refusal, ok := errors.AsType[slackgo.SlackErrorResponse](err)
		if !ok || refusal.Err != "invalid_blocks" || len(refusal.ResponseMetadata.Messages) == 0 || !strings.Contains(refusal.ResponseMetadata.Messages[0], "[json-pointer:/blocks") {
			t.Errorf("%s, one more than %d: got %v, want invalid_blocks and where", name, c.most, said(err))
		}
	}
}

func TestWhatIsNoBlockIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t, standin.SlackOptions{})
	for name, blocks := range map[string]string{
		"no list":                `{"type":"divider"}`,
		"a header of mrkdwn":     `[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]`,
		"a button of mrkdwn":     `[{"type":"actions","elements":[{"type":"button","text":{"type":"mrkdwn","text":"x"}}]}]`,
		"an empty section":       `[{"type":"section"}]`,
		"an empty context":       `[{"type":"context","elements":[]}]`,
		"no type":                `[{"text":"x"}]`,
		"an unknown type":        `[{"type":"marquee"}]`,
		"an input among actions": `[{"type":"actions","elements":[{"type":"plain_text_input","action_id":"a"}]}]`,
		"a button in the margin": `[{"type":"context","elements":[` + button + `]}]`,
		"a style of ours":        `[{"type":"actions","elements":[{"type":"button","style":"green","text":{"type":"plain_text","text":"x"}}]}]`,
		"an action id twice":     `[{"type":"actions","elements":[{"type":"button","action_id":"a","text":{"type":"plain_text","text":"x"}},{"type":"button","action_id":"a","text":{"type":"plain_text","text":"y"}}]}]`,
		"a block id twice":       `[{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}]`,
		"a select of nothing":    `[{"type":"actions","elements":[{"type":"static_select","action_id":"a"}]}]`,
		"text that is a number":  `[{"type":"section","text":7}]`,
	} {
		if got := raw(t, d, "chat.postMessage", map[string]string{"channel": "C1", "text": "x", "blocks": blocks}); got != "invalid_blocks" {
			t.Errorf("%s: got %q, want invalid_blocks", name, got)
		}
	}
	many := `[` + strings.TrimSuffix(strings.Repeat(`{"type":"section","text":{"type":"mrkdwn","text":"`+strings.Repeat("x", 2900)+`"}},`, 5), ",") + `]`
	for want, args := range map[string]map[string]string{
		"msg_blocks_too_long":     {"channel": "C1", "text": "x", "blocks": many},
		"msg_too_long":            {"channel": "C1", "text": strings.Repeat("x", 40_001)},
		"no_text":                 {"channel": "C1"},
		"invalid_metadata_format": {"channel": "C1", "text": "x", "metadata": `{"event_type":"a"}`},
		"channel_not_found":       {"text": "x"},
	} {
		if got := raw(t, d, "chat.postMessage", args); got != want {
			t.Errorf("got %q, want %s", got, want)
		}
	}
	if n := len(d.seen.Entries()); n != 0 {
		t.Errorf("%d were accepted, want none", n)
	}
}

// raw calls a method with JSON and a token in the header, as other SDKs do, and
// answers its error.
func raw(t *testing.T, d *desk, method string, args map[string]string) string {
	t.Helper()
	b, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.url+"/api/"+method, strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Authorization", "Bearer "+botToken)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	var answer struct {
		OK    bool
		Error string
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.Error
}

func TestTheLimitsOfAViewAreKept(t *testing.T) {
	t.Parallel()
	d := newDesk(t, standin.SlackOptions{Users: people})
	long := func(n int) *slackgo.TextBlockObject { return plainText(strings.Repeat("x", n)) }
	blocks := func(n int) (b slackgo.Blocks) {
		for range n {
			b.BlockSet = append(b.BlockSet, slackgo.NewDividerBlock())
		}
		return b
	}
	fine := slackgo.ModalViewRequest{Type: slackgo.VTModal, Title: long(24), Submit: long(24), Close: long(24), Blocks: blocks(100), PrivateMetadata: strings.Repeat("m", 3000)}
	for name, spoil := range map[string]func(*slackgo.ModalViewRequest){
		"title":            func(v *slackgo.ModalViewRequest) { v.Title = long(25) },
		"no title":         func(v *slackgo.ModalViewRequest) { v.Title = nil },
		"submit":           func(v *slackgo.ModalViewRequest) { v.Submit = long(25) },
		"close":            func(v *slackgo.ModalViewRequest) { v.Close = long(25) },
		"blocks":           func(v *slackgo.ModalViewRequest) { v.Blocks = blocks(101) },
		"private metadata": func(v *slackgo.ModalViewRequest) { v.PrivateMetadata += "m" },
		"callback id":      func(v *slackgo.ModalViewRequest) { v.CallbackID = strings.Repeat("c", 256) },
		"a home tab":       func(v *slackgo.ModalViewRequest) { v.Type = slackgo.VTHomeTab },
		"an input without submit": func(v *slackgo.ModalViewRequest) {
			v.Submit = nil
			v.Blocks = slackgo.Blocks{BlockSet: []slackgo.Block{slackgo.NewInputBlock("b", long(3), nil, slackgo.NewPlainTextInputBlockElement(nil, "a"))}}
		},
	} {
		v := fine
		spoil(&v)
		_, err := d.api.OpenView("1.2.3", v)
		refusal, ok := errors.AsType[slackgo.SlackErrorResponse](err)
		if !ok || refusal.Err != "invalid_arguments" || len(refusal.ResponseMetadata.Messages) == 0 {
			t.Errorf("%s: got %v, want invalid_arguments", name, said(err))
		}
	}
	if _, err := d.api.OpenView("1.2.3", fine); err == nil || err.Error() != "invalid_trigger_id" {
		t.Errorf("a view at its limits: got %v, want only the trigger refused", said(err))
	}
	home := slackgo.HomeTabViewRequest{Type: slackgo.VTHomeTab, Blocks: blocks(101)}
	if _, err := d.api.PublishView("U0MIRA", home, ""); err == nil || err.Error() != "invalid_arguments" {
		t.Errorf("a home tab of 101 blocks: got %v", said(err))
	}
}

// The official list of limits is read as it is, and each of its limits on what
// the stand-in takes in is found broken by one more.
func TestTheOfficialLimitsAreRead(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("HOLDFAST_CONFORMANCE")
	if dir == "" {
		t.Skip("HOLDFAST_CONFORMANCE is not set")
	}
	file := filepath.Join(dir, "slack-block-kit-limits.txt")
	d := newDesk(t, standin.SlackOptions{Limits: file})
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	line := regexp.MustCompile(`^(Button|StaticSelect|RadioButtons|Checkboxes|OptionDescriptor|Datepicker|UsersSelect|NumberInput|PlainTextInput|SectionBlock|HeaderBlock|ContextBlock|ActionsBlock|InputBlock|Confirm)\.(\S+) (maxLength|maxItems)=(\d+)$`)
	tried := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		m := line.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		n, err := strconv.Atoi(m[4])
		if err != nil {
			t.Fatal(err)
		}
		if got := raw(t, d, "chat.postMessage", map[string]string{"channel": "C1", "text": "x", "blocks": "[" + breaking(t, m[1], m[2], n) + "]"}); got != "" {
			t.Errorf("%s kept: got %q", lines.Text(), got)
		}
		block := breaking(t, m[1], m[2], n+1)
		if got := raw(t, d, "chat.postMessage", map[string]string{"channel": "C1", "text": "x", "blocks": "[" + block + "]"}); got != "invalid_blocks" {
			t.Errorf("%s broken by one: got %q in %s", lines.Text(), got, block)
		}
		tried++
	}
	if tried < 30 {
		t.Errorf("tried %d limits, want 30 at least: has the file's form changed?", tried)
	}
}

// breaking is a block in which an object of a kind has n of what stands at path.
func breaking(t *testing.T, kind, path string, n int) string {
	t.Helper()
	var value any = strings.Repeat("x", n)
	last := path[strings.LastIndexByte(path, '.')+1:]
	if item := map[string]string{"options": option, "elements": button, "option_groups": `{"label":{"type":"plain_text","text":"g"},"options":[` + option + `]}`, "fields": field}[last]; item != "" {
		if kind == "ContextBlock" {
			item = field
		}
		value = json.RawMessage("[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]")
	}
	keys := strings.Split(path, ".")
	for i := len(keys) - 1; i >= 0; i-- {
		key := strings.TrimSuffix(keys[i], "[]")
		if i == len(keys)-1 && i > 0 && key == "text" {
			value = map[string]any{"type": "plain_text", "text": value}
			if strings.HasSuffix(keys[i-1], "[]") {
				value = []any{value}
			}
			i--
			key = strings.TrimSuffix(keys[i], "[]")
		}
		value = map[string]any{key: value}
	}
	base := map[string]string{
		"Button": button, "StaticSelect": `{"type":"static_select","options":[` + option + `]}`, "RadioButtons": `{"type":"radio_buttons","options":[` + option + `]}`,
		"Checkboxes": `{"type":"checkboxes","options":[` + option + `]}`, "OptionDescriptor": option, "Datepicker": `{"type":"datepicker"}`,
		"UsersSelect": `{"type":"users_select"}`, "NumberInput": `{"type":"number_input"}`, "PlainTextInput": `{"type":"plain_text_input"}`,
		"SectionBlock": `{"type":"section","text":` + field + `}`, "HeaderBlock": `{"type":"header","text":{"type":"plain_text","text":"h"}}`,
		"ContextBlock": `{"type":"context","elements":[` + field + `]}`, "ActionsBlock": `{"type":"actions","elements":[` + button + `]}`,
		"InputBlock": `{"type":"input","label":{"type":"plain_text","text":"l"},"element":{"type":"plain_text_input"}}`,
		"Confirm":    `{"title":{"type":"plain_text","text":"t"},"text":{"type":"plain_text","text":"t"},"confirm":{"type":"plain_text","text":"c"},"deny":{"type":"plain_text","text":"d"}}`,
	}[kind]
	var object map[string]any
	if err := json.Unmarshal([]byte(base), &object); err != nil {
		t.Fatal(err)
	}
	maps.Copy(object, value.(map[string]any))
	b, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	switch kind {
	case "OptionDescriptor":
		return `{"type":"actions","elements":[{"type":"static_select","options":[` + string(b) + `]}]}`
	case "Confirm":
		return `{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"b"},"confirm":` + string(b) + `}]}`
	case "NumberInput", "PlainTextInput":
		return `{"type":"input","label":{"type":"plain_text","text":"l"},"element":` + string(b) + `}`
	}
	if strings.HasSuffix(kind, "Block") {
		return string(b)
	}
	return `{"type":"actions","elements":[` + string(b) + `]}`
}
