package ingest_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/internal/server/ingest"
	"holdfast/internal/store"
	"holdfast/internal/tokens"
)

func TestAKeyIsShownAsBasicAsBearerOrInTheBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.keys["app"]
	plain := base64.StdEncoding.EncodeToString([]byte(key))
	inBody := strings.TrimSuffix(good, "}") + `,"writeKey":"` + key + `"}`
	for name, c := range map[string]struct {
		path, body string
		headers    []string
	}{
		"basic with a colon":           {"/v1/track", good, []string{"Authorization", basic(key)}},
		"basic without":                {"/v1/track", good, []string{"Authorization", "Basic " + plain}},
		"basic without padding":        {"/v1/track", good, []string{"Authorization", "basic " + strings.TrimRight(plain, "=")}},
		"basic with a password":        {"/v1/track", good, []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(key+":x"))}},
		"bearer":                       {"/v1/track", good, []string{"Authorization", "Bearer " + key}},
		"in the body":                  {"/v1/track", inBody, nil},
		"in a batch":                   {"/v1/batch/", `{"writeKey":"` + key + `","batch":[` + good + `]}`, nil},
		"gzip called a form":           {"/v1/import", zipped(t, `{"batch":[`+good+`]}`), []string{"Authorization", basic(key), "Content-Type", "application/x-www-form-urlencoded", "Content-Encoding", "gzip"}},
		"gzip that nobody says":        {"/v1/batch", zipped(t, `{"batch":[`+good+`]}`), []string{"Authorization", basic(key)}},
		"gzip that a proxy has undone": {"/v1/batch", `{"batch":[` + good + `]}`, []string{"Authorization", basic(key), "Content-Encoding", "gzip"}},
		"a byte order mark":            {"/v1/track", "\xef\xbb\xbf" + good, []string{"Authorization", basic(key)}},
	} {
		if status, text, _ := w.call(c.path, c.body, c.headers...); status != 200 || text != `{"success":true}` {
			t.Errorf("%s: got %d %s", name, status, text)
		}
	}
	if es := w.events("acme"); len(es) != 1 {
		t.Errorf("got %q, want it once", es)
	}
	if err := w.store.View(t.Context(), func(tx store.Tx) error {
		k, err := tx.Token(w.ids["app"])
		if !k.UsedAt.Equal(start.Truncate(time.Minute)) {
			t.Errorf("its last use was at %s", k.UsedAt)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestWithoutItsKeyNothingIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var revoked, expired, reader string
	w.update(func(tx store.Tx) (err error) {
		var k store.Token
		if revoked, k, err = tokens.Create(tx, tokens.New{Scopes: []string{"ingest:app"}}, start); err != nil {
			return err
		}
		if err = tokens.Revoke(tx, k.ID, "mira", start); err != nil {
			return err
		}
		if expired, _, err = tokens.Create(tx, tokens.New{Scopes: []string{"ingest:app"}, Expires: start.Add(-time.Hour)}, start.Add(-2*time.Hour)); err != nil {
			return err
		}
		reader, _, err = tokens.Create(tx, tokens.New{Scopes: []string{"metrics"}}, start)
		return err
	})
	inBody := strings.TrimSuffix(good, "}") + `,"writeKey":"` + w.keys["app"] + `"}`
	for name, c := range map[string]struct {
		body, header string
		status       int
	}{
		"none":                        {good, "", 401},
		"none in the body":            {strings.TrimSuffix(good, "}") + `,"writeKey":""}`, "", 401},
		"a number in the body":        {strings.TrimSuffix(good, "}") + `,"writeKey":5}`, "", 401},
		"a wrong one":                 {good, basic("wk_wrong"), 401},
		"a wrong one before a right":  {inBody, basic("wk_wrong"), 401},
		"its id":                      {good, basic(w.ids["app"]), 401},
		"its hash":                    {good, basic(tokens.Hash(w.keys["app"])), 401},
		"no base64":                   {good, "Basic ???", 401},
		"a scheme of nobody's":        {good, "Digest " + w.keys["app"], 401},
		"a revoked one":               {good, basic(revoked), 401},
		"one that is over":            {good, basic(expired), 401},
		"one for other things":        {good, basic(reader), 403},
		"of a source that is gone":    {good, basic(w.keys["gone"]), 403},
		"of a source of another kind": {good, basic(w.keys["billing"]), 403},
	} {
		var headers []string
		if c.header != "" {
			headers = []string{"Authorization", c.header}
		}
		status, text, h := w.call("/v1/track", c.body, headers...)
		if status != c.status || !strings.Contains(text, `"success":false`) {
			t.Errorf("%s: got %d %s", name, status, text)
		}
		if status == 401 && h.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: nothing says how to authenticate", name)
		}
		for _, secret := range []string{revoked, expired, reader, w.keys["app"]} {
			if strings.Contains(text, secret) {
				t.Errorf("%s: the answer shows a key", name)
			}
		}
	}
	if n := w.all(); n != 0 {
		t.Errorf("%d events were written", n)
	}
	if status, _ := w.post("app", "/v1/track", good); status != http.StatusOK {
		t.Errorf("the right key: got %d", status)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/v1/track", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "POST" {
		t.Errorf("GET: got %d", res.StatusCode)
	}
}

func TestASourceSaysNoMoreThanItMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, text := w.post("narrow", "/v1/batch", `{"context":{"groupId":"acme"},"batch":[
		{"type":"group","messageId":"1","userId":"u","groupId":"acme","traits":{"name":"Acme","arr":5,"secret_note":"x"}},
		{"type":"track","messageId":"2","userId":"u","event":"Login"},
		{"type":"track","messageId":"3","userId":"u","event":"Feature Used"},
		{"type":"track","messageId":"4","userId":"u","event":"Contract Signed"},
		{"type":"page","messageId":"5","userId":"u","name":"Home"},
		{"type":"track","messageId":"6","userId":"u","event":"approval.granted"}]}`)
	if status != 200 || !strings.Contains(text, `{"message":"3","reason":"not_allowed"`) || !strings.Contains(text, `{"message":"5","reason":"forged"`) {
		t.Errorf("got %d %s", status, text)
	}
	want := map[ingest.Counted]int64{
		{Source: "narrow", Outcome: ingest.Taken}: 3, {Source: "narrow", Outcome: ingest.NotAllowed}: 2,
		{Source: "narrow", Outcome: ingest.Forged}: 1, {Source: "narrow", Outcome: ingest.Withheld}: 2,
	}
	got := w.counts.Sums()
	for k, n := range want {
		if got[k] != n {
			t.Errorf("%v: got %d, want %d", k, got[k], n)
		}
	}
	if err := w.store.View(t.Context(), func(tx store.Tx) error {
		a, err := tx.Account("acme")
		if len(a.Fields) != 1 || a.Fields["name"].Value != "Acme" {
			t.Errorf("got the fields %v", a.Fields)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
