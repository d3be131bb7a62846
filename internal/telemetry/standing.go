package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"holdfast/internal/store"
)

const (
	scrapeWithin = 2 * time.Second // how long the store may take
	keepFor      = 5 * time.Second // how old an answer may be: two Prometheuses ask once
)

// Snapshot is what gauges show.
type Snapshot struct {
	store.Standing
	ScanLag time.Duration
	Stopped []string    // playbooks; "" is stop-all
	Paused  [][2]string // playbook and trigger
}

// Watch has the gauges read from ask, which is asked within two seconds and every
// five at most. It is to be called once.
func (t *Telemetry) Watch(ask func(ctx context.Context) (Snapshot, error)) {
	if t != nil {
		t.registry.MustRegister(&gauges{t: t, ask: ask, descs: map[string]*prometheus.Desc{}})
	}
}

// gauges are read when Prometheus asks.
type gauges struct {
	t   *Telemetry
	ask func(ctx context.Context) (Snapshot, error)

	mu     sync.Mutex
	descs  map[string]*prometheus.Desc
	last   Snapshot
	asked  time.Time // zero: never, or in vain
	oldest int64     // the row of the relay that waits longest, and since when it was seen
	since  time.Time
}

// Describe is empty: which playbooks there are is known when they are asked for.
func (g *gauges) Describe(chan<- *prometheus.Desc) {}

// Collect reads what stands now.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.t.clock.Now()
	if g.asked.IsZero() || now.Sub(g.asked) >= keepFor {
		ctx, cancel := context.WithTimeout(context.Background(), scrapeWithin) //nolint:forbidigo // Prometheus' collectors are given none
		defer cancel()
		s, err := g.ask(ctx)
		if err != nil {
			g.asked = time.Time{}
			g.t.counters[blind.Name].WithLabelValues().Inc()
			return
		}
		g.last, g.asked = s, now
	}
	s := g.last
	if s.Oldest != g.oldest {
		g.oldest, g.since = s.Oldest, now
		if !s.OldestAt.IsZero() && s.OldestAt.Before(now) && now.Sub(s.OldestAt) < 24*time.Hour { // a compressed clock writes other years
			g.since = s.OldestAt
		}
	}
	age := time.Duration(0)
	if s.Oldest != 0 {
		age = now.Sub(g.since)
	}
	g.show(out, relayRows, float64(s.Rows))
	g.show(out, relayAge, age.Seconds())
	g.show(out, scanLag, s.ScanLag.Seconds())
	for playbook, n := range s.Active {
		g.show(out, active, float64(n), playbook)
	}
	for channel, states := range s.Touches {
		for state, n := range states {
			g.show(out, touchesOpen, float64(n), channel, string(state))
		}
	}
	for playbook, n := range s.Tasks {
		g.show(out, tasks, float64(n.Open), playbook, "open")
		g.show(out, tasks, float64(n.Overdue), playbook, "overdue")
	}
	for _, playbook := range s.Stopped {
		if playbook == "" {
			playbook = "(all)"
		}
		g.show(out, stopped, 1, playbook)
	}
	for _, p := range s.Paused {
		g.show(out, paused, 1, p[0], p[1])
	}
}

func (g *gauges) show(out chan<- prometheus.Metric, m Metric, value float64, labels ...string) {
	d := g.descs[m.Name]
	if d == nil {
		d = prometheus.NewDesc(m.Name, m.Help, m.Labels, nil)
		g.descs[m.Name] = d
	}
	for i, label := range labels {
		if !word.MatchString(label) {
			labels[i] = other
		}
	}
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}
