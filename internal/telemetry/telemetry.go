// Package telemetry is what an operator watches: Prometheus metrics and
// OpenTelemetry traces. It alone knows those libraries; others call it through a
// store that counts what is committed, and through functions. No value of a label
// and no attribute of a span holds personal data, and labels have few values. To
// add a metric, add it to Metrics and call it.
package telemetry

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"holdfast/internal/clock"
)

// Telemetry counts. Safe for concurrent use; a nil one counts nothing.
type Telemetry struct {
	clock    clock.Clock
	registry *prometheus.Registry
	counters map[string]*prometheus.CounterVec
	seconds  map[string]*prometheus.HistogramVec
	values   *values
	sdk      engine
	tracer   trace.Tracer
	traced   bool
	stop     func(context.Context) error

	mu      sync.Mutex
	sending map[string]time.Time // touches whose provider is being asked, by id
}

// New makes one that counts by c, the machine's clock. Its traces go nowhere until
// Export.
func New(c clock.Clock) *Telemetry {
	t := &Telemetry{
		clock: c, registry: prometheus.NewRegistry(), counters: map[string]*prometheus.CounterVec{},
		seconds: map[string]*prometheus.HistogramVec{}, values: newValues(), sending: map[string]time.Time{},
		tracer: noop.NewTracerProvider().Tracer(scope), stop: func(context.Context) error { return nil },
	}
	for _, m := range Metrics() {
		switch m.Kind {
		case Counter:
			v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: m.Name, Help: m.Help}, m.Labels)
			t.registry.MustRegister(v)
			t.counters[m.Name] = v
		case Histogram:
			v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: m.Name, Help: m.Help, Buckets: m.buckets}, m.Labels)
			t.registry.MustRegister(v)
			t.seconds[m.Name] = v
		case Gauge: // read when they are asked for; see Watch
		}
	}
	t.sdk = engine{shared: newEngine(t.registry, t.values)}
	t.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return t
}

// Handler answers with all metrics in Prometheus' format.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2, Timeout: 10 * time.Second, ErrorHandling: promhttp.ContinueOnError})
}

// Close hands over the spans that are still here.
func (t *Telemetry) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.stop(ctx)
}

// add counts one of m, by values of its labels in their order.
func (t *Telemetry) add(m Metric, labels ...string) { t.some(m, 1, labels...) }

// some counts n of m.
func (t *Telemetry) some(m Metric, n int, labels ...string) {
	t.counters[m.Name].WithLabelValues(t.values.all(m.Name, labels)...).Add(float64(n))
}

// took counts a length of time.
func (t *Telemetry) took(m Metric, d time.Duration, labels ...string) {
	t.seconds[m.Name].WithLabelValues(t.values.all(m.Name, labels)...).Observe(max(d, 0).Seconds())
}

// Refused counts a message that was not taken in, and why: a word.
func (t *Telemetry) Refused(source, reason string) { t.Dropped(source, reason, 1) }

// Dropped counts n messages that were not taken in, and why: a word.
func (t *Telemetry) Dropped(source, reason string, n int) {
	if t != nil && n > 0 {
		t.some(messagesRefused, n, source, reason)
	}
}

// Received counts n results of messages that the store does not see: a word. What is
// taken or repeated it counts by itself.
func (t *Telemetry) Received(source, result string, n int) {
	if t != nil && n > 0 {
		t.some(messages, n, source, result)
	}
}

// Held counts a touch that a guard kept back, by its reason's word.
func (t *Telemetry) Held(reason string) {
	if t != nil {
		t.add(touchesHeld, reason)
	}
}
