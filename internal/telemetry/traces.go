package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"holdfast"
	"holdfast/internal/store"
)

const scope = "holdfast"

// Names of what Meta remembers of an enrollment while it runs: the trace that its
// message began, and the span that woke it last. Both are W3C traceparents.
const (
	metaTrace = "trace/"
	metaWoken = "trace_woken/"
)

// Export sends spans to a collector, by OTLP over HTTP: endpoint is its base
// (http://collector:4318), as OTEL_EXPORTER_OTLP_ENDPOINT has it. "" exports none.
// A collector that is away is told in the log, and costs nothing else. The other
// OTEL_EXPORTER_OTLP_ and OTEL_TRACES_SAMPLER variables hold as the library reads them.
func (t *Telemetry) Export(ctx context.Context, endpoint, version string, log *slog.Logger) error {
	if t == nil || endpoint == "" {
		return nil
	}
	if err := CheckEndpoint(endpoint); err != nil {
		return err
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(strings.TrimRight(endpoint, "/")+"/v1/traces"))
	if err != nil {
		return fmt.Errorf("open the exporter of traces: %w", err)
	}
	lives := context.WithoutCancel(ctx)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.WarnContext(lives, "traces were not delivered", "error", err) }))
	of := resource.NewSchemaless(attribute.String("service.name", "holdfast"), attribute.String("service.version", version))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(of))
	t.tracer, t.traced, t.stop = provider.Tracer(scope), true, provider.Shutdown
	return nil
}

// CheckEndpoint is nil for what Export takes as an endpoint.
func CheckEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if endpoint == "" || err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
		return nil
	}
	e := holdfast.Errorf(holdfast.Invalid, "OTEL_EXPORTER_OTLP_ENDPOINT is no address of a collector")
	e.Hint = "write http://collector:4318"
	return e
}

// begin keeps, with a new enrollment, the trace of the message that started it. One
// that the clock started begins a trace of its own.
func (w *watched) begin(e store.Enrollment) error {
	if !w.t.traced {
		return nil
	}
	ctx, span := w.t.tracer.Start(w.ctx, "enroll", trace.WithAttributes(attribute.String("holdfast.enrollment", e.ID), attribute.String("holdfast.playbook", e.Playbook)))
	w.after(func() { span.End() }) // one that is rolled back never ends, and is not exported
	return w.MetaSet(metaTrace+e.ID, written(ctx))
}

// woken keeps what wakes an enrollment, for a link from the walk that it causes.
func (w *watched) woken(enrollment string) error {
	if !w.t.traced || !trace.SpanContextFromContext(w.ctx).IsValid() {
		return nil
	}
	e, err := w.Enrollment(enrollment)
	if err != nil || e.Status == "ended" {
		return err
	}
	return w.MetaSet(metaWoken+enrollment, written(w.ctx))
}

// forget drops both when an enrollment has ended.
func (w *watched) forget(enrollment string) error {
	if !w.t.traced {
		return nil
	}
	return errors.Join(w.MetaSet(metaTrace+enrollment, ""), w.MetaSet(metaWoken+enrollment, ""))
}

// Walk times f, one walk of an enrollment, and makes it a span of the trace that
// the enrollment's message began, though that may be months ago: no span is open in
// between. It links to what woke the enrollment since.
func (t *Telemetry) Walk(ctx context.Context, s store.Store, enrollment string, f func(ctx context.Context) error) error {
	if t == nil {
		return f(ctx)
	}
	begun := t.clock.Now()
	var span trace.Span
	if t.traced {
		ctx, span = t.walk(ctx, s, enrollment)
		defer span.End()
	}
	err := f(ctx)
	if err != nil && span != nil {
		span.SetStatus(codes.Error, "the store did not answer") // the error may name anything
	}
	t.took(advance, t.clock.Now().Sub(begun), result(err))
	return err
}

func (t *Telemetry) walk(ctx context.Context, s store.Store, enrollment string) (context.Context, trace.Span) {
	var from, by string
	// A trace that cannot be read is no reason not to walk.
	_ = s.View(ctx, func(tx store.Tx) (err error) {
		if from, err = tx.MetaGet(metaTrace + enrollment); err == nil {
			by, err = tx.MetaGet(metaWoken + enrollment)
		}
		return err
	})
	options := []trace.SpanStartOption{trace.WithAttributes(attribute.String("holdfast.enrollment", enrollment))}
	if cause := read(ctx, by); cause.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: cause}))
	}
	if parent := read(ctx, from); parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	}
	return t.tracer.Start(ctx, "advance", options...)
}

// touched is a span of the time a provider took.
func (t *Telemetry) touched(ctx context.Context, h store.Touch, begun, ended time.Time) {
	_, span := t.tracer.Start(ctx, "touch", trace.WithTimestamp(begun), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("holdfast.touch", h.ID), attribute.String("holdfast.playbook", h.Playbook), attribute.String("holdfast.step", h.Step),
		attribute.String("holdfast.channel", h.Channel), attribute.String("holdfast.state", string(h.State))))
	span.End(trace.WithTimestamp(ended))
}

const traceparent = "traceparent"

func written(ctx context.Context) string {
	c := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, c)
	return c[traceparent]
}

func read(ctx context.Context, text string) trace.SpanContext {
	if text == "" {
		return trace.SpanContext{}
	}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.WithoutCancel(ctx), propagation.MapCarrier{traceparent: text}))
}
