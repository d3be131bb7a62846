package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/internal/intake"
	"holdfast/internal/server/ingest"
)

// However many call at once, each is answered 200 and in the store, or 429 and not.
func TestACallIsEitherTakenOrTurnedAway(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	arrived := make(chan struct{}, 100)
	w := newWorld(t, func(w *world) {
		w.Handler.AtWork, w.Handler.Waiting = 2, 3
		receive := w.Handler.Receive
		w.Handler.Receive = func(ctx context.Context, c intake.Call) (intake.Result, error) {
			arrived <- struct{}{}
			<-release
			return receive(ctx, c)
		}
	})
	const calls = 40
	var mu sync.Mutex
	var wg sync.WaitGroup
	taken := map[string]bool{}
	turned, early := 0, make(chan struct{}, calls)
	for i := range calls {
		wg.Go(func() {
			id := fmt.Sprintf("m%d", i)
			status, text, h := w.call("/v1/track", strings.Replace(good, `"good"`, `"`+id+`"`, 1), "Authorization", basic(w.keys["app"]))
			mu.Lock()
			defer mu.Unlock()
			switch status {
			case http.StatusOK:
				taken[id] = true
			case http.StatusTooManyRequests:
				turned++
				early <- struct{}{}
				if h.Get("Retry-After") == "" || !strings.Contains(text, `"success":false`) {
					t.Errorf("got %s without the time to come again", text)
				}
			default:
				t.Errorf("got %d %s", status, text)
			}
		})
	}
	for range 2 {
		<-arrived
	}
	for range calls - 5 { // the house holds five
		<-early
	}
	close(release)
	wg.Wait()
	if len(taken) != 5 || turned != calls-5 {
		t.Errorf("%d were taken and %d turned away", len(taken), turned)
	}
	if n := w.all(); n != len(taken) {
		t.Errorf("%d events are in, %d calls were answered 200", n, len(taken))
	}
	if n := w.counts.Sums()[ingest.Counted{Outcome: ingest.Busy}]; n != int64(turned) {
		t.Errorf("%d are counted", n)
	}
}

func TestWhileTheStoreIsAwayEachCallIsAskedToComeAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault func(ctx context.Context) error
		takes time.Duration
	}{
		"it fails": {func(context.Context) error { return errors.New("away") }, 0},
		"it hangs": {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) {
				w.Handler.Wait = time.Minute
				receive, broken := w.Handler.Receive, true
				w.Handler.Receive = func(ctx context.Context, call intake.Call) (intake.Result, error) {
					if broken {
						broken = false
						return intake.Result{}, c.fault(ctx)
					}
					return receive(ctx, call)
				}
			})
			// Without the listener, in a bubble: the minute is over when nothing else is left to do.
			synctest.Test(t, func(t *testing.T) {
				for _, want := range []struct {
					status, events int
					takes          time.Duration
				}{{http.StatusTooManyRequests, 0, c.takes}, {http.StatusOK, 1, 0}} {
					r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/track", strings.NewReader(good))
					r.Header.Set("Authorization", basic(w.keys["app"]))
					got, began := httptest.NewRecorder(), time.Now()
					w.mux.ServeHTTP(got, r)
					if took := time.Since(began); got.Code != want.status || w.all() != want.events || took != want.takes {
						t.Errorf("got %d, %d events, after %v; want %+v", got.Code, w.all(), took, want)
					}
					if again := got.Header().Get("Retry-After") != ""; again != (want.status == http.StatusTooManyRequests) {
						t.Errorf("%d says when to come again: %v", got.Code, again)
					}
				}
			})
		})
	}
	w := newWorld(t)
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	if status, _ := w.post("app", "/v1/track", good); status != http.StatusTooManyRequests {
		t.Errorf("a store that is closed: got %d", status)
	}
}

// Strangers that send half a call and wait hold a part of the house alone.
func TestStrangersKeepNobodyOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.Handler.AtWork, w.Handler.Waiting = 1, 3 })
	slow := &holding{first: []byte(`{"writeKey":`), end: make(chan struct{}), begun: make(chan struct{})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, w.url+"/v1/track", slow)
		if err != nil {
			t.Error(err)
			return
		}
		if res, err := http.DefaultClient.Do(r); err == nil {
			_ = res.Body.Close()
		}
	}()
	<-slow.begun
	for {
		if status, _, _ := w.call("/v1/track", good); status == http.StatusTooManyRequests {
			break // the stranger's place is taken
		}
	}
	if status, text := w.post("app", "/v1/track", good); status != http.StatusOK {
		t.Errorf("who has a key: got %d %s", status, text)
	}
	close(slow.end)
	<-ended
}

// holding is a body whose rest does not come until end.
type holding struct {
	first      []byte
	end, begun chan struct{}
	once       sync.Once
}

func (h *holding) Read(p []byte) (int, error) {
	if len(h.first) > 0 {
		n := copy(p, h.first)
		h.first = h.first[n:]
		return n, nil
	}
	h.once.Do(func() { close(h.begun) })
	<-h.end
	return 0, errors.New("the sender is gone")
}
