// Package ingest is where others hand in what happens: by Segment's tracking API,
// and by whatever else the sources of a project speak. It bounds what comes,
// finds out who calls, keeps to what their source may say, and answers 2xx after
// the commit alone; who it is, and what a message does, is others' to know.
package ingest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/store"
)

// Paths of the doors. The last part of the second is the name of a source.
const (
	SegmentPath = "/v1/"
	HookPath    = "/in/"
)

// Handler answers all calls. All but Hook, OfAll, PublicURL, Count and the bounds are required. Safe
// for concurrent use; do not copy it once it is used.
type Handler struct {
	Store   store.Store // for the keys of callers
	Receive func(ctx context.Context, c intake.Call) (intake.Result, error)
	// Source of the project in force, or nil when it has none of that name.
	Source func(name string) *project.Source
	// Hook reads calls of a source that does not speak Segment's API; nil, or the
	// answer nil, is that none can be read.
	Hook func(s *project.Source) Hook
	// OfAll reports whether an event is about all accounts, so that it need not name
	// one. nil is that none is.
	OfAll func(event string) bool
	// PublicURL is where the outside calls, without a slash at its end; "" or nil is
	// what the call itself says.
	PublicURL func() string
	// Count is told what became of messages: taken, repeated, waiting, or why they
	// were dropped (see the constants), and of calls that were turned away. source is
	// "" while it is not known who calls.
	Count   func(source, outcome string, n int)
	Clock   clock.Clock // the project's
	Machine clock.Clock // the machine's, against which keys and signatures are held
	Log     *slog.Logger

	AtWork   int           // calls that write at one time; default 16
	Waiting  int           // calls that wait for their turn, or whose body is still coming; default 64
	Wait     time.Duration // the longest that a call waits for its turn and its commit, once its body is here; default 10 s
	BodyTime time.Duration // the longest that a body may take to come; default 15 s

	gate gate
}

// Register puts the doors on mux.
func (h *Handler) Register(mux *http.ServeMux) {
	h.gate.open(cmp.Or(h.AtWork, 16), cmp.Or(h.Waiting, 64))
	mux.HandleFunc(SegmentPath, h.guarded(h.segment))
	mux.HandleFunc(HookPath, h.guarded(h.hook))
}

// retryAfter is when a call that was turned away may come again, in seconds.
const retryAfter = 2

// refusal is an answer that is no success.
type refusal struct {
	status  int
	outcome string // as it is counted
	message string // for the sender
}

func (r *refusal) Error() string { return r.message }

func refuse(status int, outcome, message string) *refusal { return &refusal{status, outcome, message} }

// busy asks the sender to come again: nothing was taken.
func busy(message string) *refusal { return refuse(http.StatusTooManyRequests, Busy, message) }

// guarded bounds how many calls are in the house, and answers.
func (h *Handler) guarded(serve func(http.ResponseWriter, *http.Request) (answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			h.fail(w, r, "", refuse(http.StatusMethodNotAllowed, BadCall, "expected POST"))
			return
		}
		a, err := serve(w, r)
		if err != nil {
			h.fail(w, r, a.source, err)
			return
		}
		reply(w, http.StatusOK, a)
	}
}

// bounded is ctx for as long as the store may keep a call waiting.
func (h *Handler) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, cmp.Or(h.Wait, 10*time.Second))
}

// answer of a call that was taken. What was left out is said to the sender, who
// may look.
type answer struct {
	Success bool   `json:"success"`
	Dropped []Drop `json:"dropped,omitempty"` // the first of them
	source  string
}

// mostTold drops are told to the sender; all are counted.
const mostTold = 20

func reply(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		text = []byte(`{"success":false}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // the sender may be gone
}

func (h *Handler) fail(w http.ResponseWriter, r *http.Request, source string, err error) {
	no, ok := errors.AsType[*refusal](err)
	if !ok {
		if r.Context().Err() == nil {
			h.Log.ErrorContext(r.Context(), "a call could not be kept; its sender is asked to repeat it", "source", source, "error", err)
		}
		no = busy("what came cannot be kept now; nothing of it was taken")
	}
	h.count(source, no.outcome, 1)
	if w.Header().Get("Connection") == "" { // a body that nobody read is waited for before the answer
		h.hurry(w)
	}
	switch no.status {
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Basic realm="holdfast", charset="UTF-8"`)
		h.Log.WarnContext(r.Context(), "a call was refused", "door", doorOf(r), "reason", no.message)
	}
	reply(w, no.status, map[string]any{"success": false, "message": no.message})
}

func (h *Handler) count(source, outcome string, n int) {
	if h.Count != nil && n > 0 {
		h.Count(source, outcome, n)
	}
}

// incoming is what one call says.
type incoming struct {
	items []item
	drops []Drop
	also  func(tx store.Tx) error
	by    string // who calls, as the audit log names them; "" is a provider
}

// item is a message and where it stands in the call.
type item struct {
	place  string
	nobody bool          // it has neither an account nor a person
	same   []intake.Same // who it says is whom; an alias its two first
	holdfast.Message
}

func (in *incoming) drop(place, reason, text string) {
	in.drops = append(in.drops, Drop{place, reason, text})
}

// take hands in what a source says, after its allow-list.
func (h *Handler) take(ctx context.Context, s *project.Source, in incoming) (answer, error) {
	ctx, cancel := h.bounded(ctx)
	defer cancel()
	a := answer{Success: true, source: s.Name}
	var kept []item
	var c intake.Call
	for _, it := range in.items {
		it.Source = s.Name
		toAll := it.Kind == holdfast.Track && it.Account == "" && h.OfAll != nil && h.OfAll(it.Event)
		reason, text := admit(s, it.Message, toAll)
		if reason == "" && it.nobody && !toAll {
			reason, text = NoUser, noUser
		}
		if why := it.unlike(); reason == Alias && why != "" {
			reason, text = Refused, why
		}
		switch reason {
		case "":
			kept = append(kept, it)
			c.Messages = append(c.Messages, it.Message)
			c.Same = append(c.Same, it.says(len(kept))...)
		case Alias: // what waits is moved nevertheless
			c.Same = append(c.Same, it.says(0)...)
			in.drop(it.place, reason, text)
		default:
			in.drop(it.place, reason, text)
		}
	}
	if len(c.Messages)+len(c.Same) > 0 {
		release, err := h.gate.work(ctx)
		if err != nil {
			return a, err
		}
		defer release()
		c.Also = in.also
		res, err := h.Receive(store.As(ctx, in.by), c)
		if err != nil {
			return a, err
		}
		h.count(s.Name, Taken, res.Fresh)
		h.count(s.Name, Repeated, res.Repeated)
		h.count(s.Name, Parked, res.Parked)
		h.count(s.Name, Withheld, res.Withheld)
		for _, source := range res.Lost {
			h.count(source, Refused, 1)
		}
		for _, p := range res.Problems {
			in.drop(kept[p.Index].place, Refused, p.Reason)
		}
	}
	for _, d := range in.drops {
		h.count(s.Name, d.Reason, 1)
	}
	a.Dropped = in.drops[:min(len(in.drops), mostTold)]
	return a, nil
}

func doorOf(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, HookPath) {
		return HookPath
	}
	return SegmentPath
}
