package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// tables is all that is remembered.
type tables struct {
	meta         table[string, entry]
	accounts     table[string, store.Account]
	contacts     table[string, store.Contact]
	objects      table[key, store.Object]
	events       table[int64, store.Event]
	buckets      table[key, bucket]
	suppressions table[key, store.Suppression]
	rests        table[key, store.Rest]
	holds        table[string, store.Hold]
	arms         table[key, arm]
	versions     table[string, store.Version]
	heads        table[string, entry]
	releases     table[int64, store.Release]
	truths       table[key, store.Truth]
	dues         table[string, store.Due]
	enrollments  table[string, store.Enrollment]
	signals      table[signalKey, store.Signal]
	leaving      table[string, leaving]
	listeners    table[key, store.Listener]
	tasks        table[string, store.Task]
	approvals    table[string, store.Approval]
	touches      table[string, store.Touch]
	messages     table[int64, store.Outmail]
	sightings    table[string, store.Sighting]
	lines        table[int64, store.Line]
	relay        table[int64, relayed]
	leases       table[string, leased]
	tokens       table[string, store.Token]
	parked       table[key, store.Parked]
	erasures     table[string, store.Erasure]
	aliases      table[key, store.Alias]
	audits       table[int64, store.Audit]

	accountsByID        *index[store.Account]
	contactsByAccount   *index[store.Contact]
	objectsByAccount    *index[store.Object]
	eventsBySeq         *index[store.Event]
	eventsBySource      *index[store.Event]
	eventsByTime        *index[store.Event]
	optOutsOf           *index[store.Event]
	bucketsByAccount    *index[bucket]
	suppressedContacts  *index[store.Suppression]
	suppressedAddresses *index[store.Suppression]
	restsByScope        *index[store.Rest]
	holdsByAccount      *index[store.Hold]
	holdsOfAccount      *index[store.Hold]
	holdsOf             *index[store.Hold]
	releasesByNumber    *index[store.Release]
	duesByTime          *index[store.Due]
	enrollmentsByID     *index[store.Enrollment]
	enrollmentsOf       *index[store.Enrollment]
	enrollmentsByEntry  *index[store.Enrollment]
	enrollmentsByDue    *index[store.Enrollment]
	enrollmentsAtWork   *index[store.Enrollment]
	signalsOf           *index[store.Signal]
	leavingBySince      *index[leaving]
	listenersOf         *index[store.Listener]
	listenersByAccount  *index[store.Listener]
	tasksByDue          *index[store.Task]
	tasksOf, tasksOwned *index[store.Task]
	approvalsByAsked    *index[store.Approval]
	approvalsOf         *index[store.Approval]
	touchesByKey        *index[store.Touch]
	touchesOf           *index[store.Touch]
	touchesByAccount    *index[store.Touch]
	touchesOpen         *index[store.Touch]
	messagesBySeq       *index[store.Outmail]
	messagesOf          *index[store.Outmail]
	messagesByTouch     *index[store.Outmail]
	sightingsOf         *index[store.Sighting]
	linesBySeq          *index[store.Line]
	linesOf             *index[store.Line]
	linesByKey          *index[store.Line]
	relayBySeq          *index[relayed]
	relayWaiting        *index[relayed]
	relayWaitingOf      *index[relayed]
	tokensByHash        *index[store.Token]
	tokensByCreation    *index[store.Token]
	parkedOf            *index[store.Parked]
	parkedByReceipt     *index[store.Parked]
	aliasesOf           *index[store.Alias]
	auditsBySeq         *index[store.Audit]
}

// newTables makes empty ones, with their indexes.
func newTables() tables {
	var t tables
	t.meta.key = func(e *entry) string { return e.name }
	t.heads.key = t.meta.key
	accountTables(&t)
	eventTables(&t)
	quietTables(&t)
	holdTables(&t)
	playbookTables(&t)
	releaseTables(&t)
	enrollmentTables(&t)
	signalTables(&t)
	taskTables(&t)
	approvalTables(&t)
	ledgerTables(&t)
	sightingTables(&t)
	timelineTables(&t)
	relayTables(&t)
	tokenTables(&t)
	erasureTables(&t)
	mergeTables(&t)
	auditTables(&t)
	return t
}

// entry is a named word.
type entry struct{ name, value string }

// tx is one transaction.
type tx struct {
	*tables
	ctx    context.Context //nolint:containedctx // a transaction lives within one call
	read   bool
	over   bool
	broken error    // the first failure: nothing more runs after it
	undo   []func() // takes back what was written, to be run from the end
}

var (
	_ store.Tx = (*tx)(nil)

	errReadOnly = errors.New("this transaction only reads")
	errOver     = errors.New("this transaction is over")
)

// end takes back what was not kept and refuses what comes later.
func (t *tx) end() {
	t.over = true
	for _, v := range slices.Backward(t.undo) {
		v()
	}
	t.undo = nil
}

// ready refuses what must not run any more.
func (t *tx) ready() error {
	if t.over {
		return errOver
	}
	if t.broken != nil {
		return t.broken
	}
	return t.ctx.Err()
}

// writes is ready for a change. what names it in errors.
func (t *tx) writes(what string) error {
	if err := t.ready(); err != nil {
		return err
	}
	if t.read {
		return fmt.Errorf("%s: %w", what, errReadOnly)
	}
	return nil
}

// fail is a change that a rule of the store forbids: the transaction is undone.
func (t *tx) fail(what string, err error) error {
	t.broken = fmt.Errorf("%s: %w", what, err)
	return t.broken
}

// one is the row of a key, as its caller's own.
func one[K comparable, V any](t *tx, in *table[K, V], k K, own func(*V) V) (V, error) {
	var none V
	if err := t.ready(); err != nil {
		return none, err
	}
	row := in.rows[k]
	if row == nil {
		return none, store.ErrNotFound
	}
	return own(row), nil
}

// some are the rows that fit, up to a limit (0: all), as their caller's own.
func some[V any](t *tx, rows []*V, limit int, fits func(*V) bool, own func(*V) V) ([]V, error) {
	if err := t.ready(); err != nil {
		return nil, err
	}
	var found []V
	for _, row := range rows {
		if limit > 0 && len(found) == limit {
			break
		}
		if fits == nil || fits(row) {
			found = append(found, own(row))
		}
	}
	return found, nil
}

// self owns a row that holds nothing that could be changed in it.
func self[V any](v *V) V { return *v }

func (t *tx) MetaGet(name string) (string, error) {
	if err := t.ready(); err != nil {
		return "", err
	}
	if e := t.meta.rows[name]; e != nil {
		return e.value, nil
	}
	return "", nil
}

func (t *tx) MetaSet(name, value string) error {
	if err := t.writes("write meta"); err != nil {
		return err
	}
	if value == "" {
		t.meta.drop(t, name)
		return nil
	}
	t.meta.put(t, entry{name, value})
	return nil
}

// active is the status of a run that is not over.
const active = "active"

// byTime orders by a time, then by a word; no time comes first.
func byTime(a, b time.Time, x, y string) int {
	if n := a.Compare(b); n != 0 {
		return n
	}
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// counted are the states of a touch that a cap counts.
func counted(s holdfast.TouchState) bool {
	switch s {
	case holdfast.Claimed, holdfast.Sending, holdfast.Unknown, holdfast.Reconciled, holdfast.Unconfirmed, holdfast.Sent:
		return true
	case holdfast.Released, holdfast.Failed, holdfast.Skipped:
	}
	return false
}
