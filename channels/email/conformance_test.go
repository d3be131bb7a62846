package email_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"holdfast"
)

// TestRequestsKeepToSendGridsOwnDescription reads the provider's OpenAPI
// description from $HOLDFAST_CONFORMANCE/sendgrid/tsg_mail_v3.patched.json
// (github.com/twilio/sendgrid-oai, with custom_args typed as the object it is).
func TestRequestsKeepToSendGridsOwnDescription(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("HOLDFAST_CONFORMANCE")
	if dir == "" {
		t.Skip("HOLDFAST_CONFORMANCE names no folder with the provider's description")
	}
	spec := describe(t, filepath.Join(dir, "sendgrid", "tsg_mail_v3.patched.json"))
	plain, receipt := message("t1"), message("t1")
	receipt.Class = "transactional"
	plain.HTML, plain.ReplyTo, plain.Headers, plain.From.Name = "", "", nil, ""
	both := message("t1")
	both.ReplyTo, both.ReplyCopy = "", "reply+tok@in.northwind.example"
	for name, c := range map[string]struct {
		m       holdfast.Outbound
		sandbox bool
	}{
		"answers to two": {both, false}, "whole": {message("t1"), false}, "receipt": {receipt, true}, "plain": {plain, false},
		"sandbox": {message("t1"), true},
	} {
		base, last := answering(t, http.StatusAccepted, nil, "")
		if _, err := open(t, base, c.sandbox).Deliver(t.Context(), c.m); err != nil {
			t.Fatal(err)
		}
		for _, finding := range spec.findings(last()) {
			t.Errorf("%s: %s\n%s", name, finding, last())
		}
	}
	for _, bad := range []string{
		`{}`, `{"from":{"name":"x"},"subject":"s","personalizations":[{"to":[{"email":"a@b.example"}]}],"content":[{"type":"text/plain","value":"x"}]}`,
		`{"from":{"email":"a@b.example"},"subject":"s","personalizations":[],"content":[{"type":"text/plain","value":""}]}`,
		`{"from":{"email":"a@b.example"},"subject":7,"personalizations":[{"to":[{"email":"a@b.example"}],"unknown":1}]}`,
	} {
		if len(spec.findings(bad)) == 0 {
			t.Errorf("the description accepts %s: the judge is blind", bad)
		}
	}
}

// description is the part of an OpenAPI file that says what a request body is.
type description struct {
	root map[string]any
	body map[string]any
}

func describe(t *testing.T, file string) description {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("no description: %v", err)
	}
	d := description{}
	if err := json.Unmarshal(b, &d.root); err != nil {
		t.Fatal(err)
	}
	at := any(d.root)
	for _, key := range []string{"paths", "/v3/mail/send", "post", "requestBody", "content", "application/json", "schema"} {
		at = d.follow(at.(map[string]any)[key])
	}
	d.body = at.(map[string]any)
	return d
}

// follow resolves a local $ref.
func (d description) follow(v any) any {
	m, ok := v.(map[string]any)
	ref, isRef := m["$ref"].(string)
	if !ok || !isRef {
		return v
	}
	at := any(d.root)
	for key := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		at = at.(map[string]any)[key]
	}
	return d.follow(at)
}

func (d description) findings(body string) []string {
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		return []string{err.Error()}
	}
	return d.check("$", d.body, v)
}

// check knows the keywords that the description uses. Properties it does not
// declare are findings: the provider would ignore them in silence.
func (d description) check(at string, schema map[string]any, v any) (found []string) {
	add := func(format string, args ...any) { found = append(found, at+": "+fmt.Sprintf(format, args...)) }
	kinds := map[string]bool{"object": false, "array": false, "string": false, "boolean": false, "integer": false, "number": false}
	size := 0.0
	switch v := v.(type) {
	case map[string]any:
		kinds["object"] = true
		found = append(found, d.object(at, schema, v)...)
	case []any:
		kinds["array"], size = true, float64(len(v))
		items, _ := d.follow(schema["items"]).(map[string]any)
		for i, item := range v {
			found = append(found, d.check(fmt.Sprintf("%s[%d]", at, i), items, item)...)
		}
	case string:
		kinds["string"], size = true, float64(utf8.RuneCountInString(v))
	case bool:
		kinds["boolean"] = true
	case float64:
		kinds["integer"], kinds["number"] = true, true
	}
	if kind, ok := schema["type"].(string); ok && !kinds[kind] {
		add("not of type %s", kind)
	}
	for _, limit := range []string{"minItems", "minLength"} {
		if n, ok := schema[limit].(float64); ok && size < n {
			add("%s %v, got %v", limit, n, size)
		}
	}
	for _, limit := range []string{"maxItems", "maxLength"} {
		if n, ok := schema[limit].(float64); ok && size > n {
			add("%s %v, got %v", limit, n, size)
		}
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, v) {
		add("%v is not one of %v", v, enum)
	}
	return found
}

func (d description) object(at string, schema, v map[string]any) (found []string) {
	properties, _ := schema["properties"].(map[string]any)
	extra, open := schema["additionalProperties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, key := range required {
		if _, ok := v[key.(string)]; !ok {
			found = append(found, fmt.Sprintf("%s: no %v", at, key))
		}
	}
	for key, value := range v {
		property, ok := d.follow(properties[key]).(map[string]any)
		switch {
		case ok:
			found = append(found, d.check(at+"."+key, property, value)...)
		case open:
			found = append(found, d.check(at+"."+key, extra, value)...)
		case schema["additionalProperties"] != true && properties != nil:
			found = append(found, at+": unknown "+key)
		}
	}
	return found
}
