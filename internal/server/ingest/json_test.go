package ingest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"holdfast/internal/server/ingest"
)

// A slip in the JSON is told with its place and its cause.
func TestASlipIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deep := strings.Repeat("[", 10100) + strings.Repeat("]", 10100)
	for name, c := range map[string]struct{ body, want string }{
		"a comma too many":        {`{"userId":"u",}`, `the body is no JSON: invalid character '}' looking for beginning of object key string at line 1, column 15`},
		"on another line":         {"{\n  \"userId\": \"u\",\n  \"event\": NaN\n}", `the body is no JSON: invalid character 'N' looking for beginning of value at line 3, column 12`},
		"cut short":               {`{"userId":"u"`, `the body is no JSON: it ends too early, at line 1, column 13`},
		"two values":              {`{"userId":"u"} {}`, `the body is no JSON: invalid character '{' after top-level value at line 1, column 16`},
		"below what is too deep":  {`{"x":` + deep + ",\n}", `the body is no JSON: invalid character '}' looking for beginning of object key string at line 2, column 1`},
		"empty":                   {``, `the body is empty; expected a JSON object`},
		"blank":                   {" \n", `the body is empty; expected a JSON object`},
		"a list":                  {`[]`, `the body is JSON, and no object`},
		"null":                    {`null`, `the body is JSON, and no object`},
		"UTF-16":                  {"{\x00\"\x00", `the body is not UTF-8, but UTF-16 or the like`},
		"UTF-16 that says so":     {"\xff\xfe{\x00", `the body is not UTF-8, but UTF-16 or the like`},
		"UTF-16, the other way":   {"\xfe\xff\x00{", `the body is not UTF-8, but UTF-16 or the like`},
		"a batch that is no list": {`{"batch":null}`, `expected batch, a list of messages`},
	} {
		status, text := w.post("app", "/v1/batch", c.body)
		var said struct {
			Message string `json:"message"`
		}
		if err := json.Unmarshal([]byte(text), &said); err != nil || status != http.StatusBadRequest || said.Message != c.want {
			t.Errorf("%s: got %d %s, want %s", name, status, text, c.want)
		}
	}
}

func TestOneMessageThatIsTooDeepIsDroppedAsInABatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, text := w.post("app", "/v1/track", `{"userId":"u","event":"Login","properties":`+strings.Repeat("[", 12000)+strings.Repeat("]", 12000)+`}`)
	if status != http.StatusOK || !strings.Contains(text, `"reason":"`+ingest.TooDeep+`"`) {
		t.Errorf("got %d %s", status, text)
	}
}

func TestWhoShowsNoKeyIsToldWhereItGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		body, header, want string
	}{
		"none":                {good, "", "there is no key; show the write key as the user of Basic"},
		"an empty user":       {good, basic(""), "there is no key; show the write key as the user of Basic"},
		"an empty writeKey":   {strings.TrimSuffix(good, "}") + `,"writeKey":""}`, "", "or as writeKey in the body"},
		"one that is unknown": {good, basic("hf_wrong"), "the key is not known"},
	} {
		var headers []string
		if c.header != "" {
			headers = []string{"Authorization", c.header}
		}
		if status, text, _ := w.call("/v1/track", c.body, headers...); status != http.StatusUnauthorized || !strings.Contains(text, c.want) {
			t.Errorf("%s: got %d %s", name, status, text)
		}
	}
}
