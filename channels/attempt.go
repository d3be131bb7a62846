package channels

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"holdfast"
)

// Attempt is one HTTP request, watched: it knows whether a byte of it may have
// left, which parts a definite refusal from an unknown outcome.
type Attempt struct {
	channel string
	began   atomic.Bool
}

// Watch begins an attempt; the request must carry the returned context.
func Watch(ctx context.Context, channel string) (context.Context, *Attempt) {
	a := &Attempt{channel: channel}
	begin := func() { a.began.Store(true) }
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// The first of these comes while the request still is in a buffer.
		WroteHeaderField: func(string, []string) { begin() },
		WroteHeaders:     begin,
		WroteRequest:     func(httptrace.WroteRequestInfo) { begin() },
	}), a
}

// Broken classes an attempt that ended without an answer: refused when no byte
// left (name not found, connection refused, TLS), unknown otherwise.
func (a *Attempt) Broken(ctx context.Context, err error) *holdfast.DeliveryError {
	d := &holdfast.DeliveryError{Channel: a.channel, Err: err, Refused: !a.began.Load()}
	var timeout interface{ Timeout() bool }
	slow := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || (errors.As(err, &timeout) && timeout.Timeout())
	var cert *tls.CertificateVerificationError
	switch {
	case !d.Refused && ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		d.Reason = "cancelled_after_send"
	case !d.Refused && slow:
		d.Reason = "timeout_after_send"
	case !d.Refused:
		d.Reason = "no_answer_after_send"
	case ctx.Err() != nil:
		d.Reason = "cancelled_before_send"
	case errors.As(err, &cert):
		d.Reason = "bad_certificate"
	default:
		d.Reason = "connect_failed"
	}
	return d
}

// Answered classes an answer that is no acceptance, by its status alone. at is
// when the message was sent, for providers whose answers carry no Date.
func (a *Attempt) Answered(status int, header http.Header, at time.Time, err error) *holdfast.DeliveryError {
	d := &holdfast.DeliveryError{Channel: a.channel, Err: err}
	switch {
	case status == http.StatusTooManyRequests:
		d.Reason, d.Refused, d.After = "rate_limited", true, wish(header, at)
	case status == http.StatusServiceUnavailable:
		d.Reason, d.Refused, d.After = "unavailable", true, wish(header, at)
	case status == http.StatusRequestTimeout || status == http.StatusTooEarly:
		d.Reason, d.Refused = "asked_to_repeat", true
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		d.Reason, d.Permanent = "bad_credentials", true
	case status == http.StatusRequestEntityTooLarge:
		d.Reason, d.Permanent = "too_large", true
	case status < 300:
		d.Reason = "unexpected_answer"
	case status < 400:
		d.Reason, d.Permanent = "redirected", true
	case status < 500:
		d.Reason, d.Permanent = "rejected", true
	default: // 500, 502, 504 and whatever else: it may come after acceptance
		d.Reason = "server_error"
	}
	return d
}

// wish is how long the provider wants to be left alone: Retry-After in seconds or
// as a date (RFC 9110, 10.2.3), or X-RateLimit-Reset in Unix seconds, held against
// the provider's own Date; at most an hour, 0 without one.
func wish(header http.Header, at time.Time) time.Duration {
	if s, err := strconv.ParseInt(header.Get("Retry-After"), 10, 32); err == nil {
		return min(max(time.Duration(s)*time.Second, 0), time.Hour)
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		at = date
	}
	if until, err := http.ParseTime(header.Get("Retry-After")); err == nil {
		return min(max(until.Sub(at), time.Second), time.Hour)
	}
	reset, err := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		return 0
	}
	return min(max(time.Unix(reset, 0).Sub(at), time.Second), time.Hour)
}

// maxAnswer is as much of an answer as is read: providers' are a few hundred bytes.
const maxAnswer = 1 << 20

// NewClient is the HTTP client of a channel: a limit for the whole call, no
// redirects (a second host never sees the message), bounded answers.
func NewClient(timeout time.Duration) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone() // the standard library's own value
	t.MaxIdleConnsPerHost = 16
	return &http.Client{
		Timeout:       timeout,
		Transport:     bounded{t},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

// Endpoint checks a provider's base URL: https, or a loopback address.
func Endpoint(base string) (loopback bool, err error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return false, fmt.Errorf("base URL %q is no web address", base)
	}
	ip := net.ParseIP(u.Hostname())
	loopback = u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
	if u.Scheme == "http" && !loopback {
		return false, fmt.Errorf("base URL %q would send the key in the clear: use https", base)
	}
	return loopback, nil
}

// NewGuardedClient is NewClient for an address that a stranger could have chosen:
// what it resolves to is checked as it is dialled, so that no name leads into a
// private network. loopback allows this machine alone.
func NewGuardedClient(timeout time.Duration, loopback bool) *http.Client {
	c := NewClient(timeout)
	dialer := &net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		ip := net.ParseIP(host)
		if ip == nil || ip.IsLoopback() != loopback || (!loopback && !public(ip)) {
			return fmt.Errorf("the address %s is not one that may be called", host)
		}
		return nil
	}}
	t := http.DefaultTransport.(*http.Transport).Clone() // the standard library's own value
	t.DialContext, t.Proxy = dialer.DialContext, nil
	c.Transport = bounded{t}
	return c
}

// public reports whether ip is on the internet at large.
func public(ip net.IP) bool {
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast() && !cgnat.Contains(ip)
}

// cgnat is the shared address space of carriers (RFC 6598).
var cgnat = &net.IPNet{IP: net.IPv4(100, 64, 0, 0), Mask: net.CIDRMask(10, 32)}
