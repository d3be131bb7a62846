// Package store is what the product remembers: types, the transaction's
// contract and its sentinels. It decides nothing and imports no database; each
// database is a package below it, and storetest holds the one suite they pass.
package store

import (
	"context"
	"errors"
	"time"

	"holdfast"
)

// ErrNotFound is returned by the Get-like methods when there is no such row.
var ErrNotFound = errors.New("not found")

// ErrNewer is returned on open when the database was written by a newer version.
var ErrNewer = errors.New("database was written by a newer version")

// Store is a transactional memory. Safe for concurrent use.
//
// Update runs fn in one serialisable write transaction (SQLite: BEGIN IMMEDIATE,
// one writer). fn may be run again, so it must not keep effects outside tx; an
// error from fn rolls all back and is returned as it is. View sees one snapshot.
// No transaction may be open while a provider or Temporal is called.
type Store interface {
	Update(ctx context.Context, fn func(tx Tx) error) error
	View(ctx context.Context, fn func(tx Tx) error) error
	Close() error
}

// Tx is everything one transaction can read and write, used by one goroutine and
// not after fn has returned. Slices come back in the order that each method
// names; times are UTC with microseconds; a limit of 0 is none. Numbers inside
// Field.Value and Props come back as json.Number. What is given is copied and
// what comes back is the caller's own: changing either changes nothing here. After
// a failure of the database nothing more runs in the transaction, and it is undone.
type Tx interface {
	Meta
	Accounts
	Sifting
	Many
	Playbooks
	Releases
	Enrollments
	Approvals
	Ledger
	Sightings
	Relay
	Timeline
	Quiet
	Tokens
	Parking
	Personal
	Pruner
	Merges
	Trail
	Watch
}

// Meta is small named facts: "clock" (production|virtual), "virtual_now",
// "release" (in force), cursors.
type Meta interface {
	MetaGet(key string) (string, error) // "" when unset
	MetaSet(key, value string) error    // "" forgets it
}

// Field is one remembered value and the event time that set it. An older event
// never overwrites a newer one; ties go to the greater message id. Value is
// JSON-shaped (string, bool, json.Number, []any, nil); rules gives it its type.
type Field struct {
	Value   any       `json:"v"`
	At      time.Time `json:"t"`
	Message string    `json:"m,omitempty"`
}

// Account is a customer company. Known is false while only events, and no group
// message or import row, have named it: a provisional account starts nothing.
type Account struct {
	ID     string
	Known  bool
	Fields map[string]Field // by field name of the account schema, dots included
}

// PlacedBy is the field of a contact that keeps which message has placed them at their
// account. No field can be declared under that name, and it is shown to nobody.
const PlacedBy = "@account"

// Contact is a person at an account; ids are unique over all accounts.
type Contact struct {
	ID, Account string
	Fields      map[string]Field
}

// Object is one of several things an account has, such as a subscription.
type Object struct {
	Kind, Key, Account string
	Fields             map[string]Field
}

// Event is a stored message: Seq orders by arrival. Body keeps Props.
type Event struct {
	Seq      int64
	Received time.Time
	holdfast.Message
}

// Bucket is one day (UTC, "2006-01-02") of one metric of one account.
type Bucket struct {
	Day   string
	Count int64
	Sum   float64
	Min   float64
	Max   float64
}

// Suppression says that a person, or an address, must not be written to. Kind
// is bounced, opted_out, paused, complained or erased. Contact or Address is set.
type Suppression struct {
	Contact string
	Address string // lower-case address
	Kind    string
	At      time.Time
	Until   time.Time // of paused: when it is over. Zero: never
	Event   int64
}

// Ended reports whether s is over at a moment.
func (s Suppression) Ended(at time.Time) bool { return !s.Until.IsZero() && !at.Before(s.Until) }

// Rest is quiet time of an account. Scope is a lane or, without one, a playbook
// ("lane:win-back", "playbook:x"), or "account" for all of them. Until the zero
// time means for ever.
type Rest struct {
	Account, Scope string
	Until          time.Time
	Reason         string // the outcome that caused it
	Unless         string // CEL that lifts it, or ""
	Enrollment     string
}

// Accounts remembers customers and what they did.
type Accounts interface {
	Account(id string) (Account, error)
	PutAccount(a Account) error                           // upsert, whole row
	AccountIDs(after string, limit int) ([]string, error) // known ones, by id
	CountAccounts() (known, provisional int, err error)

	Contact(id string) (Contact, error)
	Contacts(account string) ([]Contact, error) // by id
	PutContact(c Contact) error

	Objects(account, kind string) ([]Object, error) // by key
	Object(kind, key string) (Object, error)
	PutObject(o Object) error

	// AppendEvent stores m once for each (source, id); fresh is false, and
	// nothing is stored, when it was there already.
	AppendEvent(m holdfast.Message, received time.Time) (seq int64, fresh bool, err error)
	// Expect says which messages AppendEvent is about to be given, in this order, so
	// that a database looks for all of them at once. It changes nothing: they may be
	// left out, and others come between.
	Expect(msgs []holdfast.Message) error
	Event(seq int64) (Event, error)
	// Events of an account with any of names (nil: all) and At in [from, to), by
	// At then Seq. The zero time leaves that end open.
	Events(account string, names []string, from, to time.Time, limit int) ([]Event, error)
	LastEvent(account, name string) (Event, error) // greatest At
	// OptOuts are a contact's holdfast.EventOptedOut and EventOptedIn, of every account
	// under which they stand, by At then Seq.
	OptOuts(contact string) ([]Event, error)

	// AddToBucket adds to Count and Sum; Min and Max are of the sums added.
	AddToBucket(account, metric, day string, count int64, sum float64) error
	Buckets(account, metric, from, to string) ([]Bucket, error) // days in [from, to], by day
	// AllBuckets of an account from day on, by metric, each by day.
	AllBuckets(account, from string) (map[string][]Bucket, error)

	// Suppress keeps the first of a kind for a person and address; the later
	// Until wins.
	Suppress(s Suppression) error
	// Unsuppress ends those of a kind that are for the contact or for the address.
	Unsuppress(contact, address, kind string) error
	Suppressions(contact, address string) ([]Suppression, error) // by At then Kind, ended ones too
	AllSuppressions(limit int) ([]Suppression, error)            // by At, Kind, Contact, Address
	PutRest(r Rest) error                                        // the later Until wins for one account and scope
	Rests(account string, now time.Time) ([]Rest, error)
}

// Many reads for many accounts at once what others read one by one: a page of a
// scan, or the accounts of a batch of messages. What is not there is absent.
type Many interface {
	ManyAccounts(ids []string) (map[string]Account, error)
	ManyContacts(ids []string) (map[string]Contact, error)
	// ManyContactsAt are those whose field email is one of addresses, in any case, by
	// the address in small letters, each by id. It reads every contact.
	ManyContactsAt(addresses []string) (map[string][]Contact, error)
	ManyBuckets(metric string, accounts []string, from, to string) (map[string][]Bucket, error) // as Buckets, by account
	ManyTruths(playbook, trigger string, accounts []string) (map[string]Truth, error)           // by account
	ManyEnrollments(accounts []string) (map[string][]Enrollment, error)                         // as EnrollmentsOf, all, by account
	ManyRests(accounts []string, now time.Time) (map[string][]Rest, error)                      // as Rests, by account
	ManyArms(holdout string, accounts []string) (map[string]string, error)                      // as Arm, by account
	ManyExits(enrollments []string) (map[string]Signal, error)                                  // as ExitOf, by enrollment
	// Look asks for several of these in one way there and back.
	Look(w Wanted) (Found, error)
	// ManyListeners are those of any event, by account, each by OpenedAt, Enrollment, Path.
	ManyListeners(accounts []string) (map[string][]Listener, error)
}

// Version is a published playbook: immutable, known by the digest of its bundle.
type Version struct {
	Digest, Playbook string
	Bundle           []byte // JSON of playbooks.Bundle
	PublishedAt      time.Time
}

// Truth is what a condition trigger said last about an account. Since is when
// it became true (zero while false); Fired marks that this rising edge enrolled.
// The trigger of what a goal said last is GoalTruth and the enrollment's ID.
type Truth struct {
	Playbook, Trigger, Account string
	True                       bool
	Since                      time.Time
	Fired                      bool
}

// GoalTruth begins the name under which a goal's truth is kept. No trigger's ID has a colon.
const GoalTruth = "goal:"

// Due is a moment at which the clock alone must make something happen: a date
// trigger, the end of a condition's `for:`, the end of an unknown touch's wait.
// Key names it; putting the same key again moves it.
type Due struct {
	Key     string
	Kind    string // date, held, goal, unconfirmed, sunset, act, waiting, entry, alarm
	At      time.Time
	Account string
	Data    []byte // JSON, by kind
}

// Playbooks remembers what is published and what its triggers know.
type Playbooks interface {
	PutVersion(v Version) error // idempotent by digest
	Version(digest string) (Version, error)
	SetHead(playbook, digest string, at time.Time) error
	Heads() (map[string]string, error) // playbook -> digest

	Truth(playbook, trigger, account string) (Truth, error)
	PutTruth(t Truth) error

	PutDue(d Due) error
	DropDue(key string) error
	Due(key string) (Due, error)
	// DueBefore are those of any of kinds (none: all) with At <= at, by At then Key.
	DueBefore(at time.Time, limit int, kinds ...string) ([]Due, error)
	NextDue(kinds ...string) (time.Time, bool, error)
}

// Enrollment is one account's run through one version of a playbook. ID is
// holdfast.EnrollmentID. State is the portable document (steps.State as JSON).
// Due is when it next wakes by the clock, zero when only a row can wake it.
// Woken counts the wakes sent to it and Echoed those it has acted on: it is at
// rest when they are equal.
type Enrollment struct {
	ID, Playbook, Digest, Account string
	Contact                       string // the trigger's contact, if any
	Trigger, Occurrence, EntryKey string
	Arm                           string // treated | holdout
	Status                        string // active | ended
	Outcome                       string
	StartedAt, EndedAt            time.Time
	GoalAt                        time.Time
	Step, Doing                   string // where it is, in words ("settle", "waits until 4 May 09:00")
	State                         []byte
	Due                           time.Time
	Woken, Echoed                 int64
	Event                         int64 // seq of the triggering event, 0 if none
}

// Signal is a row that an enrollment must read when it next wakes. Kind is
// exit, heard (a listener matched), task (a task changed), retry, migrate (go on
// in the version that Data names). The claim
// transaction reads exit rows too, so nothing is claimed after their commit.
type Signal struct {
	Enrollment string
	Seq        int64 // given by the store, from 1 for each enrollment
	Kind       string
	Path       string // heard, task: the step path it is for
	Outcome    string // exit
	Reason     string // exit: why, in words; rest spec in Data
	Event      int64
	At         time.Time
	Data       []byte // JSON, by kind
}

// Listener is an open wait_for.
type Listener struct {
	Enrollment, Path, Account string
	Events                    []string
	OpenedAt                  time.Time
}

// EnrollmentFilter narrows a listing; empty fields do not narrow.
type EnrollmentFilter struct {
	Playbook, Account, Status, Outcome string
	After                              string // id, for paging
	Limit                              int    // 0: 1000
}

// Enrollments remembers runs. (playbook, account, entry key) is unique for ever.
type Enrollments interface {
	// Enroll inserts e; won is false, and nothing changes, when its id or entry
	// is there already. It writes the relay's start row in the same breath and
	// sets Woken to 1 and Echoed to 0; an e that is ended already gets neither.
	Enroll(e Enrollment) (won bool, err error)
	Enrollment(id string) (Enrollment, error)
	// PutEnrollment writes all but ID, Playbook, Account, EntryKey and Woken; the
	// enrollment must be there. Ending it drops its listeners and marks its
	// waiting relay rows too_late.
	PutEnrollment(e Enrollment) error
	EnrollmentsOf(account string, activeOnly bool) ([]Enrollment, error) // by StartedAt, ID
	ListEnrollments(f EnrollmentFilter) ([]Enrollment, error)            // by ID
	// DueEnrollments are active ones at rest (Woken == Echoed) with Due <= at.
	DueEnrollments(at time.Time, limit int) ([]Enrollment, error)
	// NextEnrollmentDue is the earliest Due of the active.
	NextEnrollmentDue() (time.Time, bool, error)
	// Unsettled counts active enrollments with Woken != Echoed plus undelivered
	// relay rows.
	Unsettled() (int, error)

	// Signal appends s, adds one to Woken and writes the relay's wake row with
	// that count as N. For an ended enrollment it does nothing, as Wake.
	Signal(s Signal) error
	// Wake adds one to Woken and writes the wake row without a signal row.
	Wake(enrollment string) error
	// WakeEnded is Wake for an enrollment that was ended while its workflow slept:
	// the workflow has to hear of it. For an active one it does nothing.
	WakeEnded(enrollment string) error
	// Leaving are the active enrollments that an exit row tells to end, the longest
	// told first.
	Leaving(limit int) ([]string, error)
	Signals(enrollment string, after int64) ([]Signal, error) // by Seq
	ExitOf(enrollment string) (Signal, error)                 // the first exit row

	PutListener(l Listener) error // by enrollment, which must be there, and path
	DropListener(enrollment, path string) error
	Listeners(account, event string) ([]Listener, error)

	PutTask(t Task) error
	Task(id string) (Task, error)
	Tasks(account, owner, status string, limit int) ([]Task, error) // by DueAt, ID
	TasksOf(enrollment string) ([]Task, error)
	// CountTasks counts the tasks of an owner; those whose Path ends in "!" do not count.
	CountTasks(owner string, since time.Time) (Load, error)
}

// Touch is one line of the send ledger. ID is holdfast.TouchID.
type Touch struct {
	ID, Enrollment, Account, Contact string
	Playbook, Step, Path             string
	Channel, Recipient               string // recipient: contact id, team id, #channel; never an address
	State                            holdfast.TouchState
	Reason                           string
	ProviderID                       string
	Attempts                         int
	ClaimedAt, SendingAt, DoneAt     time.Time
	HumanWork                        bool // a task whose channel reaches the customer: counted by caps
}

// Ledger remembers every touch; unique on enrollment, path, channel, recipient.
type Ledger interface {
	Touch(id string) (Touch, error)
	PutTouch(t Touch) error                       // upsert by ID
	TouchesOf(enrollment string) ([]Touch, error) // by ClaimedAt, ID
	TouchesIn(states []holdfast.TouchState, limit int) ([]Touch, error)
	// CountTouches counts claimed, sending, unknown, reconciled, unconfirmed and
	// sent touches claimed since a moment. contact "" does not narrow; email is a
	// channel, "touch" in a cap means channel "": all that reach the customer,
	// which leaves out webhooks, and Slack messages that are not HumanWork.
	CountTouches(account, contact, channel string, since time.Time) (int, error)
	LastTouch(account string) (Touch, error)                              // greatest DoneAt of the sent and reconciled
	CountTouchesByState() (map[string]map[holdfast.TouchState]int, error) // channel -> state -> n

	// The embedded outbox channel keeps whole messages, by touch id, once.
	PutMessage(m Outmail) (fresh bool, err error)
	Messages(account string, after int64, limit int) ([]Outmail, error) // by Seq
	Message(touch string) (Outmail, error)
}

// Outmail is a message kept by the outbox channel.
type Outmail struct {
	Seq int64
	holdfast.Outbound
}
