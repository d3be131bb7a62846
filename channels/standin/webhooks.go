package standin

import (
	"bytes"
	"container/heap"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	randv2 "math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"holdfast/internal/clock"
)

// Webhooks is what SendGrid's stand-in tells of the mails that it took: signed
// batches, out of order, some of them twice, tried again under other ids until
// they are answered 2xx. What happens to a mail is drawn from Seed and its touch
// alone, so that a run can be repeated; the beginning of its address may decide:
// bounce@, blocked@, drop@, spam@, unsubscribe@, defer@, and open@ for a person
// who opens and clicks.
type Webhooks struct {
	Events  string        // where batches are posted; "" tells nothing
	Inbound string        // where replies are posted, its secret included
	Seed    uint64        // of the draws and of the key
	Delay   time.Duration // the most that passes before an event is told; 0: 300 ms
	Repeat  float64       // share of events that are told twice
	GiveUp  time.Duration // how long a batch is tried; 0: SendGrid's 24 hours
	Poster  *http.Client  // nil: one that waits ten seconds
}

// first and longest pause between two tries. SendGrid's are minutes.
const (
	firstTry   = 100 * time.Millisecond
	longestTry = 3 * time.Second
	inOneBatch = 40
)

// Told is what became of the events so far.
type Told struct {
	Events  int // answered 2xx, each repeat counted
	Batches int // answered 2xx
	Failed  int // tries that were not
	GivenUp int // events
	Pending int // events still to be told
}

// teller tells events until it is stopped.
type teller struct {
	Webhooks
	clock clock.Clock
	key   *ecdsa.PrivateKey
	bell  clock.Bell

	mu      sync.Mutex
	waiting events
	told    Told
	flying  int // events of the batch that is being posted
	serial  int
	order   *randv2.Rand
}

func newTeller(w Webhooks, c clock.Clock) (*teller, error) {
	if w.Delay == 0 {
		w.Delay = 300 * time.Millisecond
	}
	if w.GiveUp == 0 {
		w.GiveUp = 24 * time.Hour
	}
	if w.Poster == nil {
		w.Poster = &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	var seed [8]byte
	binary.BigEndian.PutUint64(seed[:], w.Seed)
	scalar := sha256.Sum256(append([]byte("stand-in of SendGrid"), seed[:]...))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		return nil, fmt.Errorf("make the key of seed %d: %w", w.Seed, err)
	}
	return &teller{Webhooks: w, clock: c, key: key, order: randv2.New(randv2.NewPCG(w.Seed, 1))}, nil
}

// publicKey as SendGrid shows it.
func (t *teller) publicKey() string {
	der, err := x509.MarshalPKIXPublicKey(&t.key.PublicKey)
	if err != nil {
		return "" // it marshals every key on its curve
	}
	return base64.StdEncoding.EncodeToString(der)
}

// happened is an event that is to be told.
type happened struct {
	due, since time.Time
	fields     map[string]any
	id, try    int
}

// events is a heap by due.
type events []*happened

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].due.Before(e[j].due) }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }

// Push is heap.Interface.
func (e *events) Push(x any) { *e = append(*e, x.(*happened)) }

// Pop is heap.Interface.
func (e *events) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	*e = (*e)[:last]
	return x
}

// drawFor is the chance of one mail, whatever else happens.
func drawFor(seed uint64, touch string) *randv2.Rand {
	h := fnv.New64a()
	_, _ = io.WriteString(h, touch) // a hash never fails
	return randv2.New(randv2.NewPCG(seed, h.Sum64()))
}

// accepted plans what is told of a mail.
func (t *teller) accepted(m sendGridMail, id string) {
	if t.Events == "" {
		return
	}
	to := m.Personalizations[0]
	touch := to.CustomArgs["touch"]
	draw := drawFor(t.Seed, touch)
	now := t.clock.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	at := now
	for _, what := range fateOf(to.To[0]["email"], draw) {
		at = at.Add(time.Duration(draw.Int64N(int64(t.Delay)/2) + 1))
		fields := map[string]any{
			"email": to.To[0]["email"], "timestamp": at.Unix(), "smtp-id": to.Headers["Message-ID"],
			"sg_message_id": id + ".recvd-standin-1-" + strconv.Itoa(len(touch)) + ".0",
		}
		for name, value := range to.CustomArgs {
			fields[name] = value
		}
		maps.Copy(fields, what)
		t.serial++
		t.plan(&happened{due: at, since: now, fields: fields, id: t.serial})
		if draw.Float64() < t.Repeat {
			t.plan(&happened{due: at.Add(time.Duration(draw.Int64N(int64(2*t.Delay)) + 1)), since: now, fields: fields, id: t.serial})
		}
	}
	t.bell.Ring()
}

func (t *teller) plan(e *happened) { heap.Push(&t.waiting, e) }

// run tells what is due until ctx ends.
func (t *teller) run(ctx context.Context) {
	for {
		batch, wait := t.next()
		if len(batch) == 0 {
			if _, err := clock.Wait(ctx, wait, t.bell.Rung()); err != nil {
				return
			}
			continue
		}
		if err := t.post(ctx, batch); err != nil {
			if ctx.Err() != nil {
				return
			}
			t.again(batch)
			continue
		}
		t.mu.Lock()
		t.flying, t.told.Events, t.told.Batches = 0, t.told.Events+len(batch), t.told.Batches+1
		t.mu.Unlock()
	}
}

// next is a batch of what is due, in any order, or how long until something is.
func (t *teller) next() (batch []*happened, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	for len(t.waiting) > 0 && len(batch) < inOneBatch && !t.waiting[0].due.After(now) {
		e, _ := heap.Pop(&t.waiting).(*happened)
		batch = append(batch, e)
	}
	t.flying = len(batch)
	t.order.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
	if len(batch) > 0 || len(t.waiting) == 0 {
		return batch, time.Hour
	}
	return nil, t.waiting[0].due.Sub(now)
}

// again puts a batch back that was not taken.
func (t *teller) again(batch []*happened) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	t.flying, t.told.Failed = 0, t.told.Failed+1
	for _, e := range batch {
		if now.Sub(e.since) > t.GiveUp {
			t.told.GivenUp++
			continue
		}
		e.due, e.try = now.Add(min(firstTry<<min(e.try, 10), longestTry)), e.try+1
		t.plan(e)
	}
}

// state is what became of all events.
func (t *teller) state() Told {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.told
	s.Pending = len(t.waiting) + t.flying
	return s
}

var errNotTaken = errors.New("not answered 2xx")

// post signs and posts one batch, as SendGrid does: the body ends with a line break.
func (t *teller) post(ctx context.Context, batch []*happened) error {
	list := make([]map[string]any, len(batch))
	for i, e := range batch {
		list[i] = map[string]any{"sg_event_id": fmt.Sprintf("ev-%d-%d", e.id, e.try)}
		maps.Copy(list[i], e.fields)
	}
	body, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return t.send(ctx, t.Events, "application/json", append(body, '\r', '\n'))
}

// send posts a signed body.
func (t *teller) send(ctx context.Context, to, kind string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return err
	}
	stamp := strconv.FormatInt(t.clock.Now().Unix(), 10)
	sum := sha256.Sum256(append([]byte(stamp), body...))
	signature, err := ecdsa.SignASN1(rand.Reader, t.key, sum[:])
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("User-Agent", "SendGrid Event API")
	req.Header.Set("X-Twilio-Email-Event-Webhook-Signature", base64.StdEncoding.EncodeToString(signature))
	req.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", stamp)
	res, err := t.Poster.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)) // only its status counts
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("%w: %d", errNotTaken, res.StatusCode)
	}
	return nil
}
