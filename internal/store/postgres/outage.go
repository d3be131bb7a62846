package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"holdfast"
	"holdfast/internal/clock"
)

// patience is how long a database may be away, as for a restart, before those who
// wait for it are told. It counts for all of them together.
const patience = 30 * time.Second

// Pauses between tries to reach it again.
const (
	firstPause = 20 * time.Millisecond
	lastPause  = time.Second
)

// outage remembers since when the database has been away. None is under way at first.
// Safe for concurrent use.
type outage struct {
	patience time.Duration

	mu    sync.Mutex
	since time.Time
	pause time.Duration
}

func (o *outage) over() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.since, o.pause = time.Time{}, 0
}

// wait pauses before another try to reach the database. It returns an error, made
// of why, when the database has been away too long, or ctx's.
func (o *outage) wait(ctx context.Context, why error) error {
	now := clock.System{}.Now()
	o.mu.Lock()
	if o.since.IsZero() {
		o.since = now
	}
	o.pause = min(max(2*o.pause, firstPause), lastPause)
	away, pause := now.Sub(o.since), o.pause
	o.mu.Unlock()
	if away >= o.patience {
		return unavailable(fmt.Sprintf("the database has not answered for %s", away.Round(time.Second)), "", why)
	}
	return clock.Sleep(ctx, pause)
}

// unavailable is an error of that code that still is why.
func unavailable(what, hint string, why error) error {
	// pgx tells of each address and each way of TLS in a line of its own; the last will do.
	lines := strings.Split(strings.TrimSpace(why.Error()), "\n")
	e := holdfast.Errorf(holdfast.Unavailable, "%s: %s", what, strings.TrimSpace(lines[len(lines)-1]))
	e.Hint = hint
	return &awayError{e, why}
}

// unopened is that a database, named by where, does not let us in.
func unopened(where string, why error) error {
	hint := "is it running, and is the address right?"
	switch code(why) {
	case wrongPassword, notAuthorised:
		hint = "check the user and the password, and who may come in by the server's pg_hba.conf"
	case noDatabase:
		hint = "make the database, or name one that is there"
	case tooManyConnections:
		hint = "raise the server's max_connections, or let fewer processes run"
	}
	return unavailable("open "+where, hint, why)
}

type awayError struct {
	told *holdfast.Error
	why  error
}

func (e *awayError) Error() string   { return e.told.Error() }
func (e *awayError) Unwrap() []error { return []error{e.told, e.why} }

// Classes of errors, by SQLSTATE (PostgreSQL's documentation, appendix A).
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	uniqueViolation      = "23505"
	notAuthorised        = "28000"
	wrongPassword        = "28P01"
	noDatabase           = "3D000"
	insufficientRights   = "42501"
	connectionException  = "08"    // class
	tooManyConnections   = "53300" // also while a restarted server is flooded
	operatorIntervention = "57P"   // shutdown, crash, starting up, idle session ended
	inTransactionTooLong = "25P03" // idle_in_transaction_session_timeout
)

func code(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// conflict reports that the transaction lost against another, and was undone.
func conflict(err error) bool {
	c := code(err)
	return c == serializationFailure || c == deadlockDetected
}

// lost reports that the database could not be reached, or is gone: it may come
// back. What it says itself, such as a wrong password, is no loss.
func lost(err error) bool {
	c := code(err)
	return c == "" || c == tooManyConnections || c == inTransactionTooLong || strings.HasPrefix(c, connectionException) || strings.HasPrefix(c, operatorIntervention)
}
