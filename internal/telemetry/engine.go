package telemetry

import (
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
)

// sdkLabels are those of the SDK's tags that are kept.
var sdkLabels = []string{"operation", "task_queue", "worker_type", "poller_type", "workflow_type", "activity_type", "failure_reason", "cause"}

// Engine takes the metrics of Temporal's SDK: temporal_*. nil gives nil, which the
// SDK takes for none.
func (t *Telemetry) Engine() client.MetricsHandler {
	if t == nil {
		return nil
	}
	return t.sdk
}

// engine is a handler with the tags it was given.
type engine struct {
	shared *engineVecs
	tags   map[string]string
}

type engineVecs struct {
	registry *prometheus.Registry
	values   *values

	mu       sync.Mutex
	counters map[string]*prometheus.CounterVec
	gauges   map[string]*prometheus.GaugeVec
	seconds  map[string]*prometheus.HistogramVec
}

func newEngine(r *prometheus.Registry, v *values) *engineVecs {
	return &engineVecs{registry: r, values: v, counters: map[string]*prometheus.CounterVec{}, gauges: map[string]*prometheus.GaugeVec{}, seconds: map[string]*prometheus.HistogramVec{}}
}

// WithTags adds tags.
func (e engine) WithTags(tags map[string]string) client.MetricsHandler {
	all := maps.Clone(e.tags)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, tags)
	return engine{e.shared, all}
}

func (e engine) labels(name string) []string {
	out := make([]string, len(sdkLabels))
	for i, l := range sdkLabels {
		if v := e.tags[l]; v != "none" {
			out[i] = v
		}
	}
	return e.shared.values.all(name, out)
}

// vec is the one of a name, made when it is first asked for.
func vec[V prometheus.Collector](s *engineVecs, of map[string]V, name string, fresh func() V) V {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := of[name]
	if !ok {
		v = fresh()
		of[name] = v
		s.registry.MustRegister(v)
	}
	return v
}

const sdkHelp = "Of Temporal's SDK: https://docs.temporal.io/references/sdk-metrics"

// Counter is name with _total.
func (e engine) Counter(name string) client.MetricsCounter {
	name += "_total"
	v := vec(e.shared, e.shared.counters, name, func() *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: sdkHelp}, sdkLabels)
	})
	c := v.WithLabelValues(e.labels(name)...)
	return counterFunc(func(n int64) { c.Add(float64(max(n, 0))) })
}

// Gauge is name.
func (e engine) Gauge(name string) client.MetricsGauge {
	v := vec(e.shared, e.shared.gauges, name, func() *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: sdkHelp}, sdkLabels)
	})
	g := v.WithLabelValues(e.labels(name)...)
	return gaugeFunc(g.Set)
}

// Timer is name with _seconds.
func (e engine) Timer(name string) client.MetricsTimer {
	name += "_seconds"
	v := vec(e.shared, e.shared.seconds, name, func() *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: sdkHelp, Buckets: quick}, sdkLabels)
	})
	h := v.WithLabelValues(e.labels(name)...)
	return timerFunc(func(d time.Duration) { h.Observe(d.Seconds()) })
}

type (
	counterFunc func(int64)
	gaugeFunc   func(float64)
	timerFunc   func(time.Duration)
)

func (f counterFunc) Inc(n int64)          { f(n) }
func (f gaugeFunc) Update(v float64)       { f(v) }
func (f timerFunc) Record(d time.Duration) { f(d) }
