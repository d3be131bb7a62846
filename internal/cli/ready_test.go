package cli

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"holdfast"
)

func TestReadySaysWhatKeepsAProcessFromItsWork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		says   string
		wrong  bool // findings
		code   holdfast.Code
	}{
		"ready":            {200, `{"ready":true,"checks":[]}`, "ready\n", false, ""},
		"not ready":        {503, `{"checks":[{"name":"store","ok":true},{"name":"temporal","ok":false,"why":"does not answer"}]}`, "not ready: temporal: does not answer\n", true, ""},
		"a proxy's answer": {503, `<html>`, "", false, holdfast.Unavailable},
		"something else":   {404, ``, "", false, holdfast.Unavailable},
		"elsewhere":        {302, ``, "", false, holdfast.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/readyz" {
					t.Errorf("asked %s", r.URL.Path)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			var out strings.Builder
			err := askReady(t.Context(), &out, strings.TrimPrefix(server.URL, "http://"))
			if out.String() != c.says || errors.Is(err, errFindings) != c.wrong || holdfast.CodeOf(err) != c.code {
				t.Errorf("said %q, %v; want %q, findings %v, code %q", out.String(), err, c.says, c.wrong, c.code)
			}
		})
	}
}

func TestReadyDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := askReady(ctx, &strings.Builder{}, strings.TrimPrefix(server.URL, "http://"))
	if holdfast.CodeOf(err) != holdfast.Unavailable || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("%v", err)
	}
}
