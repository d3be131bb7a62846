package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"strings"

	"holdfast"
)

// lost classes a session that did not end in acceptance. asked is the caller's
// context and timed our own, with its limit. What the server says is shown without
// addresses, and not at all where it may repeat a user name.
func (s *session) lost(asked, timed context.Context, err error) *holdfast.DeliveryError {
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		return s.said(answer)
	}
	d := &holdfast.DeliveryError{Channel: name, Refused: s.stage < ended}
	timeout, isNet := errors.AsType[net.Error](err)
	slow := timed.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || (isNet && timeout.Timeout())
	cert, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case !d.Refused && asked.Err() != nil && errors.Is(asked.Err(), context.Canceled):
		d.Reason, d.Err = "cancelled_after_send", errors.New("given up while the server had the message")
	case !d.Refused && slow:
		d.Reason, d.Err = "timeout_after_send", errors.New("the server had the message and did not answer in time")
	case !d.Refused:
		d.Reason, d.Err = "no_answer_after_send", errors.New("the connection broke while the server had the message")
	case asked.Err() != nil:
		d.Reason, d.Err = "cancelled_before_send", errors.New("given up before the message was whole")
	case untrusted:
		d.Reason, d.Err = "bad_certificate", fmt.Errorf("the server's certificate cannot be trusted: %w", cert.Err)
	case strings.Contains(err.Error(), "STARTTLS"):
		d.Reason, d.Err = "no_encryption", errors.New("the server offers no STARTTLS, and nothing is sent to it in the clear; use smtps:// or another port")
	case strings.Contains(err.Error(), "AUTH"):
		d.Reason, d.Err = "no_login", errors.New("the server offers no way to log in that is known here and safe")
	case s.wire == nil:
		d.Reason, d.Err = "connect_failed", errors.New("nobody listens at the SMTP address, or its name is not known")
	default:
		d.Reason, d.Err = "connection_lost", errors.New("the connection broke before the message was whole")
	}
	return d
}

// said classes an answer of the server that is no acceptance (RFC 5321, 4.2.1).
// One that refuses the session says nothing of the message: it is tried again.
func (s *session) said(answer *textproto.Error) *holdfast.DeliveryError {
	d := &holdfast.DeliveryError{Channel: name, Err: fmt.Errorf("the server answered %d: %s", answer.Code, withoutAddresses(answer.Msg))}
	switch kind := answer.Code / 100; {
	case kind == 4:
		d.Refused, d.Reason = true, "deferred"
		if answer.Code == 421 {
			d.Reason = "unavailable"
		}
	case kind != 5: // it speaks no SMTP
		d.Refused, d.Reason = s.stage < ended, "unexpected_answer"
	case s.stage == greeting && (answer.Code == 530 || answer.Code == 534 || answer.Code == 535 || answer.Code == 538):
		d.Permanent, d.Reason = true, "bad_credentials"
		d.Err = fmt.Errorf("the server answered %d: check user and password of the SMTP address", answer.Code)
	case s.stage == greeting:
		d.Refused, d.Reason = true, "turned_away"
	case answer.Code == 552 || strings.HasPrefix(answer.Msg, "5.3.4"):
		d.Permanent, d.Reason = true, "too_large"
	case answer.Code == 530:
		d.Permanent, d.Reason = true, "bad_credentials"
	case s.stage == recipient && noMailbox(answer):
		d.Permanent, d.Reason = true, "bad_address"
	default:
		d.Permanent, d.Reason = true, "rejected"
	}
	return d
}

// noMailbox reports whether the server knows that there is nobody: by its
// enhanced code where it gives one (RFC 3463, 3.2), else by the plain one. 5.7 is
// policy, such as a blocked sender.
func noMailbox(answer *textproto.Error) bool {
	enhanced, _, _ := strings.Cut(answer.Msg, " ")
	if strings.HasPrefix(enhanced, "5.") && strings.Count(enhanced, ".") == 2 {
		return enhanced == "5.1.1" || enhanced == "5.1.2" || enhanced == "5.1.3" || enhanced == "5.1.10" || enhanced == "5.2.1"
	}
	return answer.Code == 550 || answer.Code == 551 || answer.Code == 553
}
