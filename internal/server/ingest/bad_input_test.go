package ingest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"holdfast/internal/server/ingest"
)

// good is a message that goes in whatever stands beside it.
const good = `{"type":"track","messageId":"good","userId":"u","event":"Login","context":{"groupId":"acme"},"timestamp":"2026-11-22T15:36:00Z"}`

// Whatever a message holds, it is taken, or left out for a reason that is counted
// and told, and the good one beside it goes in.
func TestABadMessageSpoilsNoOther(t *testing.T) {
	t.Parallel()
	track := func(fields string) string {
		return `{"type":"track","messageId":"m","context":{"groupId":"acme"},"event":"Login",` + fields + `}`
	}
	deep := strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)
	long := strings.Repeat("x", 10<<10)
	for name, c := range map[string]struct{ message, want string }{
		"a number":                     {`5`, ingest.BadShape},
		"null":                         {`null`, ingest.BadShape},
		"a list":                       {`[{}]`, ingest.BadShape},
		"no type":                      {`{"userId":"u"}`, ingest.BadType},
		"a type of nobody's":           {`{"type":"purchase","userId":"u"}`, ingest.BadType},
		"a type with another case":     {`{"type":"Track","userId":"u","event":"Login"}`, ingest.BadType},
		"nobody":                       {`{"type":"track","event":"Login"}`, ingest.NoUser},
		"a user in another case":       {`{"type":"track","event":"Login","userid":"u"}`, ingest.NoUser},
		"a track without a name":       {`{"type":"track","userId":"u"}`, ingest.NoEvent},
		"a name that is a list":        {`{"type":"track","userId":"u","event":["Login"]}`, ingest.NoEvent},
		"a group without an id":        {`{"type":"group","userId":"u"}`, ingest.NoGroup},
		"an alias of nobody":           {`{"type":"alias","userId":"u"}`, ingest.NoUser},
		"an alias":                     {`{"type":"alias","userId":"u","previousId":"v"}`, ingest.Alias},
		"properties that are a text":   {track(`"properties":"x"`), ingest.BadShape},
		"nested 5,000 deep":            {track(`"properties":` + deep), ingest.TooDeep},
		"nested 10,100 deep":           {track(`"properties":` + strings.Repeat("[", 10100) + `"]\"}"` + strings.Repeat("]", 10100)), ingest.TooDeep},
		"nested 33 deep":               {track(`"properties":{"a":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`), ingest.TooDeep},
		"nested 32 deep":               {track(`"properties":{"a":` + strings.Repeat("[", 30) + strings.Repeat("]", 30) + `}`), ingest.Taken},
		"over 32 KB":                   {track(`"properties":{"x":"` + strings.Repeat("x", 32<<10) + `"}`), ingest.TooLarge},
		"bytes that are no UTF-8":      {track(`"properties":{"x":"` + "\xff\xfe" + `"}`), ingest.BadText},
		"half a surrogate":             {track(`"properties":{"x":"\ud800"}`), ingest.Taken},
		"NUL in a value":               {track(`"properties":{"x\u0000":"a\u0000b"}`), ingest.Taken},
		"NUL in an id":                 {`{"type":"track","messageId":"m","userId":"u\u0000","event":"Login","context":{"groupId":"acme"}}`, ingest.Refused},
		"NUL in the event":             {`{"type":"track","messageId":"m","userId":"u","event":"Log\u0000in","context":{"groupId":"acme"}}`, ingest.Refused},
		"__proto__":                    {track(`"properties":{"__proto__":{"admin":true},"constructor":{"prototype":{}}}`), ingest.Taken},
		"__proto__ as an id":           {`{"type":"group","messageId":"m","userId":"u","groupId":"__proto__","traits":{"__proto__":1}}`, ingest.Taken},
		"nanoseconds":                  {track(`"timestamp":"2026-11-22T15:36:42.139765462Z"`), ingest.Taken},
		"another zone":                 {track(`"timestamp":"2026-11-22T16:36:42+01:00"`), ingest.Taken},
		"1970":                         {track(`"timestamp":"1970-01-01T00:00:00Z"`), ingest.BadTime},
		"2200":                         {track(`"timestamp":"2200-01-01T00:00:00Z"`), ingest.BadTime},
		"the year 0":                   {track(`"timestamp":"0000-01-01T00:00:00Z"`), ingest.BadTime},
		"a time as a number":           {track(`"timestamp":1764000000`), ingest.BadTime},
		"a time that is none":          {track(`"timestamp":"yesterday"`), ingest.BadTime},
		"a sender of the year 1":       {track(`"timestamp":"2026-11-22T15:36:42Z","sentAt":"0001-01-01T00:00:00Z"`), ingest.Taken},
		"a time of the year 1":         {track(`"timestamp":"0001-01-01T00:00:00Z","sentAt":"0001-01-01T00:00:00Z"`), ingest.BadTime},
		"slashes in ids":               {`{"type":"track","messageId":"../m/1","userId":"u/../v","event":"Login","context":{"groupId":"a/b/../c"}}`, ingest.Taken},
		"an id of 10 KB":               {`{"type":"track","messageId":"m","userId":"` + long + `","event":"Login","context":{"groupId":"acme"}}`, ingest.Refused},
		"an account of 10 KB":          {`{"type":"group","messageId":"m","userId":"u","groupId":"` + long + `"}`, ingest.Refused},
		"a message id of 10 KB":        {`{"type":"group","messageId":"` + long + `","userId":"u","groupId":"acme"}`, ingest.Refused},
		"an event of 10 KB":            {`{"type":"track","messageId":"m","userId":"u","event":"` + long + `","context":{"groupId":"acme"}}`, ingest.Refused},
		"ids that are numbers":         {`{"type":"track","messageId":7,"userId":12345678901234567890,"event":"Login","context":{"groupId":1}}`, ingest.Taken},
		"ids that are objects":         {`{"type":"track","messageId":{},"userId":{"a":1},"event":"Login","context":{"groupId":[]}}`, ingest.NoUser},
		"a number beyond all":          {track(`"properties":{"x":1e999999}`), ingest.Taken},
		"a number that must be whole":  {track(`"properties":{"count":"three"}`), ingest.Refused},
		"the same key twice":           {track(`"event":"approval.granted"`), ingest.Forged},
		"an event of ours":             {track(`"event":"email.replied"`), ingest.Forged},
		"an event called group":        {track(`"event":"group"`), ingest.Forged},
		"a group that carries one":     {`{"type":"group","messageId":"m","event":"account.set","userId":"u","groupId":"acme"}`, ingest.Taken},
		"a context that is a text":     {`{"type":"track","messageId":"m","userId":"u","event":"Login","context":"acme"}`, ingest.Parked},
		"a page":                       {`{"type":"page","messageId":"m","userId":"u","name":"Home","context":{"groupId":"acme"}}`, ingest.Taken},
		"a visitor without an account": {`{"type":"track","messageId":"m","anonymousId":"a","event":"Login"}`, ingest.Parked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			status, text := w.post("app", "/v1/batch", `{"batch":[`+c.message+`,`+good+`]}`)
			if status != http.StatusOK || !strings.HasPrefix(text, `{"success":true`) {
				t.Fatalf("got %d %.300s", status, text)
			}
			sums := w.counts.Sums()
			want := map[ingest.Counted]int64{{Source: "app", Outcome: ingest.Taken}: 1}
			want[ingest.Counted{Source: "app", Outcome: c.want}]++
			if fmt.Sprint(sums) != fmt.Sprint(want) {
				t.Errorf("got %v, want %v (%.300s)", sums, want, text)
			}
			lost := c.want != ingest.Taken && c.want != ingest.Parked
			if told := strings.Contains(text, `"message":"0","reason":"`+c.want+`"`); told != lost {
				t.Errorf("the sender is told %.300s", text)
			}
			found := 0
			for _, e := range w.events("acme") {
				if e == "app track Login u" {
					found++
				}
			}
			if found == 0 {
				t.Errorf("the good message is not in: %q", w.events("acme"))
			}
		})
	}
}

// A call that is no call is answered with what is wrong, and nothing is written.
func TestACallThatCannotBeReadWritesNothing(t *testing.T) {
	t.Parallel()
	bomb := zipped(t, `{"batch":[`+strings.Repeat(" ", 64<<20)+`]}`)
	for name, c := range map[string]struct {
		path, body string
		status     int
		outcome    string
		headers    []string
	}{
		"no JSON":              {"/v1/batch", `{"batch":[`, 400, ingest.BadCall, nil},
		"nothing":              {"/v1/batch", ``, 400, ingest.BadCall, nil},
		"a list":               {"/v1/track", `[]`, 400, ingest.BadCall, nil},
		"no batch":             {"/v1/batch", `{}`, 400, ingest.BadCall, nil},
		"a batch of text":      {"/v1/batch", `{"batch":"x"}`, 400, ingest.BadCall, nil},
		"two values":           {"/v1/batch", `{"batch":[]}{"batch":[]}`, 400, ingest.BadCall, nil},
		"20,000 deep":          {"/v1/track", `{"userId":"u","event":"x","properties":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, 400, ingest.OverSize, nil},
		"null":                 {"/v1/track", `null`, 400, ingest.BadCall, nil},
		"a batch of null":      {"/v1/batch", `{"batch":null}`, 400, ingest.BadCall, nil},
		"over 500 KB":          {"/v1/batch", `{"batch":[` + good + strings.Repeat(" ", 500<<10) + `]}`, 400, ingest.OverSize, nil},
		"a gzip bomb":          {"/v1/batch", bomb, 400, ingest.OverSize, nil},
		"gzip that breaks off": {"/v1/batch", zipped(t, `{"batch":[`+good+`]}`)[:40], 400, ingest.BadCall, nil},
		"gzip that is none":    {"/v1/batch", "\x1f\x8bx", 400, ingest.BadCall, nil},
		"a single of 33 KB":    {"/v1/track", `{"userId":"u","event":"Login","properties":{"x":"` + strings.Repeat("x", 33<<10) + `"}}`, 400, ingest.OverSize, nil},
		"2,501 messages":       {"/v1/batch", `{"batch":[1` + strings.Repeat(",1", 2500) + `]}`, 400, ingest.OverSize, nil},
		"brotli":               {"/v1/batch", `{"batch":[` + good + `]}`, 415, ingest.BadCall, []string{"Content-Encoding", "br"}},
		"another path":         {"/v1/purchase", good, 404, ingest.BadCall, nil},
		"a path above":         {"/v1/track/x", good, 404, ingest.BadCall, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			status, text, _ := w.call(c.path, c.body, append(c.headers, "Authorization", basic(w.keys["app"]))...)
			if status != c.status || !strings.Contains(text, `"success":false`) {
				t.Errorf("got %d %s", status, text)
			}
			if n := w.all(); n != 0 {
				t.Errorf("%d events were written", n)
			}
			turned := int64(0)
			for k, n := range w.counts.Sums() {
				if k.Outcome == c.outcome {
					turned += n
				}
			}
			if turned != 1 {
				t.Errorf("got %v, want one %s", w.counts.Sums(), c.outcome)
			}
		})
	}
}
