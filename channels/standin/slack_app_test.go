package standin_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"

	"holdfast/channels/standin"
)

// listener is an app: it checks signatures as Slack's SDK does, keeps what it
// was told, and answers what it is set to.
type listener struct {
	t      *testing.T
	url    string
	answer func(w http.ResponseWriter, r *http.Request, body []byte)

	mu     sync.Mutex
	bodies [][]byte
	told   []slackgo.InteractionCallback
	last   http.Header
}

func listen(t *testing.T) *listener {
	t.Helper()
	a := &listener{t: t}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func (a *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	verifier, err := slackgo.NewSecretsVerifier(r.Header, secret)
	if err == nil {
		_, _ = verifier.Write(body)
		err = verifier.Ensure()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	a.mu.Lock()
	a.bodies, a.last = append(a.bodies, body), r.Header.Clone()
	if r.URL.Path == "/interact" {
		told, err := slackgo.InteractionCallbackParse(r)
		if err != nil {
			a.t.Error(err)
		}
		a.told = append(a.told, told)
	}
	answer := a.answer
	a.mu.Unlock()
	if answer != nil {
		answer(w, r, body)
	}
}

// asked is the newest interaction.
func (a *listener) asked() slackgo.InteractionCallback {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.told) == 0 {
		a.t.Fatal("the app was told nothing")
	}
	return a.told[len(a.told)-1]
}

func (a *listener) says(answer func(w http.ResponseWriter, r *http.Request, body []byte)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = answer
}

func says(v any) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
}

// now sets the workspace's clock to the machine's, which is what the SDK's check
// of a signature goes by.
func (d *desk) live() { d.now.Move(time.Now()) }

func newLiveDesk(t *testing.T) (*desk, *listener) {
	t.Helper()
	a := listen(t)
	d := newDesk(t, standin.SlackOptions{Users: people, Hooks: a.url})
	d.live()
	return d, a
}
