package telemetry

import (
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Doors counts the calls that next answers, by the pattern of the mux that took
// them, so that no path with a secret or an id in it is kept. A call that carries a
// trace (W3C traceparent) goes on in it.
func (t *Telemetry) Doors(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := t.tracer.Start(ctx, "call", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		r = r.WithContext(ctx)
		answer := &status{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(answer, r)
		door := r.Pattern
		if door == "" {
			door = "none"
		}
		t.add(calls, door, strconv.Itoa(answer.code))
		if why := refusal(answer.code); why != "" {
			t.add(callsRefused, door, why)
		}
		span.SetName(door)
		span.SetAttributes(attribute.String("http.route", door), attribute.Int("http.response.status_code", answer.code))
	})
}

// refusal is why a call was not taken, "" when it was.
func refusal(code int) string {
	switch {
	case code < http.StatusBadRequest:
		return ""
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return "unauthorized"
	case code == http.StatusRequestEntityTooLarge:
		return "too_large"
	case code == http.StatusTooManyRequests:
		return "too_many"
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed:
		return "not_found"
	case code == http.StatusServiceUnavailable:
		return "unavailable"
	case code < http.StatusInternalServerError:
		return "malformed"
	}
	return "failed"
}

// status remembers what was answered.
type status struct {
	http.ResponseWriter
	code  int
	wrote bool
}

func (s *status) WriteHeader(code int) {
	if !s.wrote && code >= http.StatusOK { // 1xx come before the answer
		s.code, s.wrote = code, true
	}
	s.ResponseWriter.WriteHeader(code)
}

func (s *status) Write(p []byte) (int, error) {
	s.wrote = true
	return s.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
