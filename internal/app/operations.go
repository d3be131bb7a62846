package app

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/internal/tokens"
)

// readyWithin bounds each check of readiness.
const readyWithin = 2 * time.Second

// minOperationsToken is the shortest that nobody guesses, in characters.
const minOperationsToken = 16

// CheckOperationsToken is nil for "", and for a token that may guard the metrics.
func CheckOperationsToken(token string) error {
	if token == "" || len(token) >= minOperationsToken {
		return nil
	}
	e := holdfast.Errorf(holdfast.Invalid, "HOLDFAST_OPERATIONS_TOKEN has %d characters; %d is the least", len(token), minOperationsToken)
	e.Hint = "draw one with: openssl rand -hex 24"
	return e
}

// Operations is what whoever runs us asks: /metrics, /healthz (the process lives)
// and /readyz (it can do its work). With a token, metrics are for those who show it
// as Bearer, or a key of the store with the scope metrics; the other two name no more
// than what is checked.
func (a *App) Operations(token string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ready := a.Ready(r.Context())
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if !ready.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(ready) // whoever asked has gone
	})
	if t := a.cfg.Telemetry; t != nil {
		metrics := t.Handler()
		mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
			if token == "" || tokens.Match(r.Header.Get("Authorization"), "Bearer "+token) || a.readsMetrics(r) {
				metrics.ServeHTTP(w, r)
				return
			}
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "unauthorized: show HOLDFAST_OPERATIONS_TOKEN, or a key that holdfast tokens create --scope metrics made, as Bearer", http.StatusUnauthorized)
		})
	}
	return mux
}

// readsMetrics reports whether r shows a key that is for the metrics, and notes its use.
func (a *App) readsMetrics(r *http.Request) bool {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return false
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	now := clock.System{}.Now()
	var t store.Token
	err := a.Store.View(ctx, func(tx store.Tx) (err error) {
		t, err = tokens.Open(tx, key, now)
		return err
	})
	if err != nil || !tokens.Has(t, tokens.Metrics) {
		return false
	}
	if now.Sub(t.UsedAt) >= time.Minute {
		err = a.Store.Update(ctx, func(tx store.Tx) error { return tokens.Used(tx, t, now) })
	}
	return err == nil
}

// Readiness is what keeps an App from its work. Its words name no address.
type Readiness struct {
	Ready  bool         `json:"ready"`
	Checks []ReadyCheck `json:"checks"`
}

// ReadyCheck is one of store, migrations, temporal and relay.
type ReadyCheck struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"`
}

// Ready asks the store and Temporal, each for two seconds at most. It is not ready
// before Start has ended, nor once its context has: who shuts down gets no new work.
func (a *App) Ready(ctx context.Context) Readiness {
	up := a.up.Load()
	checks := []ReadyCheck{ready("store", "does not answer", a.storeReady(ctx)), a.shapeReady(ctx)}
	if up == nil || a.leaving.Load() {
		const why = "not started yet, or shutting down"
		checks = append(checks, ready("temporal", why, false), ready("relay", why, false))
	} else {
		if up.client != nil { // a server may leave it to others
			checks = append(checks, ready("temporal", "does not answer", temporalReady(ctx, up.client)))
		}
		if a.does(Relay) {
			checks = append(checks, ready("relay", "has ended by itself; the log says why", !up.relayEnded.Load()))
		}
	}
	r := Readiness{Ready: true, Checks: checks}
	for _, c := range checks {
		r.Ready = r.Ready && c.OK
	}
	return r
}

func ready(name, why string, ok bool) ReadyCheck {
	if ok {
		why = ""
	}
	return ReadyCheck{Name: name, OK: ok, Why: why}
}

func (a *App) storeReady(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	return a.Store.View(ctx, func(tx store.Tx) error { _, err := tx.MetaGet("clock"); return err }) == nil
}

// shapeReady finds out about a database that a newer holdfast has moved on.
func (a *App) shapeReady(ctx context.Context) ReadyCheck {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	s, _, err := Shape(ctx, a.cfg.Dir, a.cfg.Env)
	if err != nil {
		return ready("migrations", "the schema cannot be read", false)
	}
	return ready("migrations", "the schema is another one than this binary's", s.Version == s.Known)
}

func temporalReady(ctx context.Context, c client.Client) bool {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	_, err := c.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err == nil
}
