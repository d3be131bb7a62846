package holdfast

import (
	"errors"
	"fmt"
	"time"
)

// Code says what a caller may do about an Error.
type Code string

// The codes. Anything without one is internal.
const (
	Invalid      Code = "invalid"
	NotFound     Code = "not_found"
	Conflict     Code = "conflict"
	Unauthorized Code = "unauthorized"
	Unavailable  Code = "unavailable"
)

// Error is something a caller must handle; Message is fit for a human and Hint,
// when set, names the one thing to do.
type Error struct {
	Code    Code
	Message string
	Hint    string
}

func (e *Error) Error() string {
	if e.Hint != "" {
		return e.Message + " (" + e.Hint + ")"
	}
	return e.Message
}

// Errorf makes an Error.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// CodeOf is err's code, or "" when it has none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// DeliveryError is a channel's failure, classed by what it proves about the
// message. Exactly one of three holds: Refused (definitely not accepted; may be
// tried again after After), Permanent (definitely not accepted, and never will
// be), or neither: unknown, never to be repeated blindly.
type DeliveryError struct {
	Channel   string
	Reason    string        // short, snake_case, no personal data: rate_limited, bad_address, timeout_after_send
	Refused   bool          // connect refused, 429, 503 before the body
	Permanent bool          // 4xx
	After     time.Duration // Refused: the provider's wish; 0 = none
	Err       error
}

func (e *DeliveryError) Error() string {
	return fmt.Sprintf("%s: %s: %v", e.Channel, e.Reason, e.Err)
}

// Unwrap is the cause.
func (e *DeliveryError) Unwrap() error { return e.Err }

// Unknown reports whether the provider may have accepted the message.
func (e *DeliveryError) Unknown() bool { return !e.Refused && !e.Permanent }
