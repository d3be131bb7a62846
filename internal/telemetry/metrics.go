package telemetry

// Kind of a metric.
type Kind string

// The kinds, as Prometheus has them.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Metric is one series, or several by labels.
type Metric struct {
	Name    string
	Kind    Kind
	Labels  []string
	Help    string
	Means   string // when it asks for something to be done
	buckets []float64
}

// Seconds, from what a cached answer takes to what a person notices.
var (
	quick = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	slow  = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}
)

var (
	messages = Metric{Name: "holdfast_messages_total", Kind: Counter, Labels: []string{"source", "result"},
		Help: "Messages committed, by source and result: taken, or repeated when the id was known. Beside them waiting, for somebody to say which account its person is of (it counts as taken too when that was said), and withheld, a field or an object that the source may not write, of a message that was taken.", Means: "a source that falls silent has stopped sending"}
	messagesRefused = Metric{Name: "holdfast_messages_refused_total", Kind: Counter, Labels: []string{"source", "reason"},
		Help: "Messages that were not taken in. At the doors of sources: not_allowed, forged, no_user, no_event, no_group, bad_type, bad_shape, bad_time, bad_text, too_large, too_deep, refused, alias, as the guide on events has them, and unread, what a webhook said and its source cannot read. From imports and files: forged (an event of ours), malformed, refused (they contradict the schema, or name nobody who is known).", Means: "a sender has changed"}
	touches = Metric{Name: "holdfast_touches_total", Kind: Counter, Labels: []string{"channel", "playbook", "state"},
		Help: "Touches that came to a state, by channel and playbook.", Means: "state failed or unknown grows: look at holdfast ledger"}
	touchesHeld = Metric{Name: "holdfast_touches_held_total", Kind: Counter, Labels: []string{"reason"},
		Help: "Times that a guard kept a touch back, by the reason's word.", Means: "stopped or pace grows: sending is throttled"}
	touchesOpen = Metric{Name: "holdfast_touches_open", Kind: Gauge, Labels: []string{"channel", "state"},
		Help: "Touches claimed, being sent, or of unknown fate.", Means: "unknown stays above 0 for a day: the provider's events do not come in"}
	attempts = Metric{Name: "holdfast_provider_attempt_seconds", Kind: Histogram, Labels: []string{"channel", "outcome"}, buckets: slow,
		Help: "How long a provider took for one message, from the commit before the call to that of its outcome; claimed is a refusal that is tried again.", Means: "slow or refused: the provider has trouble, or throttles us"}
	started = Metric{Name: "holdfast_enrollments_started_total", Kind: Counter, Labels: []string{"playbook", "arm"},
		Help: "Enrollments started.", Means: "none for long, or far more than usual: look at the trigger"}
	ended = Metric{Name: "holdfast_enrollments_ended_total", Kind: Counter, Labels: []string{"playbook", "outcome"},
		Help: "Enrollments ended, by outcome."}
	active = Metric{Name: "holdfast_enrollments_active", Kind: Gauge, Labels: []string{"playbook"},
		Help: "Enrollments under way."}
	exits = Metric{Name: "holdfast_exits_total", Kind: Counter, Labels: []string{"playbook"},
		Help: "Exits that were committed. From that commit on nothing of the enrollment is sent."}
	closing = Metric{Name: "holdfast_exit_close_seconds", Kind: Histogram, buckets: slow,
		Help: "From the commit of an exit to the end of its workflow, by the clock that the project runs on.", Means: "above a minute: relay or worker lag behind"}
	advance = Metric{Name: "holdfast_advance_seconds", Kind: Histogram, Labels: []string{"result"}, buckets: quick,
		Help: "How long one walk of an enrollment took, sends included.", Means: "result error: the store is away; the log says why"}
	relayRows = Metric{Name: "holdfast_relay_rows", Kind: Gauge,
		Help: "Rows of the outbox that wait for the relay, 100,000 at most.", Means: "grows: no relay runs, or Temporal is away"}
	relayAge = Metric{Name: "holdfast_relay_oldest_row_seconds", Kind: Gauge,
		Help: "How long the oldest row of the outbox has been seen to wait.", Means: "above a minute: no relay runs, or Temporal is away"}
	scanLag = Metric{Name: "holdfast_scan_lag_seconds", Kind: Gauge,
		Help: "How late the next scan of what only the clock decides is; 0 when it is not due.", Means: "above an hour: no worker scans, or it does not come to an end"}
	tasks = Metric{Name: "holdfast_tasks", Kind: Gauge, Labels: []string{"playbook", "state"},
		Help: "Tasks of people: open, and of those overdue.", Means: "overdue grows: people cannot keep up"}
	stopped = Metric{Name: "holdfast_stopped", Kind: Gauge, Labels: []string{"playbook"},
		Help: "1 for each playbook that a person or the failure brake has stopped; (all) is stop-all.", Means: "not wanted: holdfast stop --list says by whom"}
	paused = Metric{Name: "holdfast_trigger_paused", Kind: Gauge, Labels: []string{"playbook", "trigger"},
		Help: "1 for each trigger that a surge has paused or a silent feed has suspended.", Means: "holdfast triggers shows who waits"}
	transactions = Metric{Name: "holdfast_store_transaction_seconds", Kind: Histogram, Labels: []string{"kind", "result"}, buckets: quick,
		Help: "How long a transaction took, waiting for its turn included: update or view.", Means: "slow: the disk or the database is"}
	calls = Metric{Name: "holdfast_http_requests_total", Kind: Counter, Labels: []string{"door", "code"},
		Help: "Calls from outside, by door and status."}
	callsRefused = Metric{Name: "holdfast_http_refused_total", Kind: Counter, Labels: []string{"door", "reason"},
		Help: "Calls from outside that were refused: unauthorized, too_large, too_many, malformed, not_found, unavailable, failed.", Means: "unauthorized grows: a key was changed on one side, or somebody tries"}
	blind = Metric{Name: "holdfast_scrape_errors_total", Kind: Counter,
		Help: "Scrapes for which the store did not answer within two seconds; the gauges of those are missing.", Means: "the store is away or overloaded"}
)

// Metrics are all of ours, in the order of their table. Beside them are those of
// the Go runtime, of the process, and of Temporal's SDK (temporal_*).
func Metrics() []Metric {
	return []Metric{
		messages, messagesRefused, started, active, ended, exits, closing, touches, touchesOpen, touchesHeld, attempts, tasks,
		relayRows, relayAge, scanLag, advance, transactions, calls, callsRefused, stopped, paused, blind,
	}
}
