package holdfast

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"
)

// TouchState is where a touch stands in the send ledger.
//
//	claimed -> sending -> sent | unknown | failed ; skipped without a send
//	sending -> released -> sending: definitely refused, and to be tried again
//	unknown -> reconciled | unconfirmed
//
// "sending" is committed just before the first byte leaves. An attempt that
// ends without a definite answer is unknown and is never repeated blindly.
type TouchState string

// The states of a touch. Sent, Reconciled, Unconfirmed, Failed and Skipped are final.
const (
	Claimed     TouchState = "claimed"
	Sending     TouchState = "sending"
	Released    TouchState = "released" // counted by no cap
	Sent        TouchState = "sent"
	Unknown     TouchState = "unknown"
	Reconciled  TouchState = "reconciled"
	Unconfirmed TouchState = "unconfirmed"
	Failed      TouchState = "failed"
	Skipped     TouchState = "skipped"
)

// Final reports whether nothing more will happen to a touch in state s.
func (s TouchState) Final() bool {
	switch s {
	case Sent, Reconciled, Unconfirmed, Failed, Skipped:
		return true
	case Claimed, Sending, Released, Unknown:
		return false
	}
	return false
}

// TouchID is the opaque id of the one touch that enrollment, step path,
// channel and recipient can have. It is safe to hand to providers: no
// personal data can be read from it. 26 lower-case base32 characters.
func TouchID(enrollment, path, channel, recipient string) string {
	return hashID(enrollment, path, channel, recipient)[:26]
}

// EnrollmentID is the id of the enrollment that playbook, account and entry key
// can have once, for ever; it is also the Temporal workflow id. 32 characters.
func EnrollmentID(playbook, account, entryKey string) string {
	return hashID(playbook, account, entryKey)[:32]
}

func hashID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x1f")))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
}

// Outbound is one rendered message, ready for a channel.
type Outbound struct {
	Touch      string            // ledger id: the key under which a channel sends at most once
	Channel    string            // email, slack
	Account    string            // opaque ids, for custom args and metadata
	Contact    string            //
	Enrollment string            //
	Class      string            // of the playbook: transactional, service, outreach
	Playbook   string            // names that the author gave, for the provider's statistics
	Step       string            //
	To         Address           // email: the person. slack: ID is the channel or user
	From       Address           //
	ReplyTo    string            // whom an answer goes to; "" is the sender
	ReplyCopy  string            // email: an address of ours that an answer goes to as well, so that it is matched
	Subject    string            // email
	HTML       string            // email
	Text       string            // email: the plain part. slack: the notification text, mrkdwn
	Headers    map[string]string // email: extra headers, none of them reserved
	Task       *TaskCard         // slack: set when the message is a task card
	At         time.Time         // clock time of the send
}

// Answers are the addresses of the Reply-To header (RFC 5322, 3.6.2 allows
// several), in order; nil when answers go to the sender alone.
func (m Outbound) Answers() []string {
	to := m.ReplyTo
	if m.ReplyCopy == "" {
		if to == "" {
			return nil
		}
		return []string{to}
	}
	if to == "" {
		to = m.From.Email
	}
	return []string{to, m.ReplyCopy}
}

// Address is a person or place a channel can reach.
type Address struct {
	ID    string // contact id, team id, or Slack channel/user id
	Name  string
	Email string
}

// TaskCard is what a channel shows of a task. Brief is Slack mrkdwn, escaped by
// whoever rendered it; all else is plain text.
type TaskCard struct {
	ID, Title, Brief, Account, Playbook, Owner string
	Due                                        time.Time
	Reason                                     string `json:",omitempty"` // why Owner has it, when it is not who was meant

	Kind                        CardKind  `json:",omitempty"`
	Why                         string    `json:",omitempty"` // what brought the account here
	Amount, InExchange, AskedBy string    `json:",omitempty"` // of an approval
	Subject                     string    `json:",omitempty"` // of a draft
	Form                        bool      `json:",omitempty"` // it asks something when it is done
	Overdue                     bool      `json:",omitempty"`
	Snoozed                     time.Time `json:",omitzero"`  // until when it was put off; zero = it was not
	Status                      string    `json:",omitempty"` // "" or open; done, cannot, expired, dropped; reassigned: another has it
	ClosedBy                    string    `json:",omitempty"` // a name; "" when nobody did
	ClosedAt                    time.Time `json:",omitzero"`
	ClosedReason                string    `json:",omitempty"`
}

// Open reports whether there is something to do still.
func (c TaskCard) Open() bool { return c.Status == "" || c.Status == "open" }

// CardKind is what a card asks for.
type CardKind string

// The kinds. The zero value is work to do.
const (
	WorkCard     CardKind = ""
	ApprovalCard CardKind = "approval"
	DraftCard    CardKind = "draft"
)

// Receipt is a provider's definite acceptance.
type Receipt struct {
	ProviderID string // SendGrid X-Message-Id, Slack channel/ts, outbox row
	At         time.Time
	Reason     string // what is special about it, one word for the ledger: sandbox; mostly ""
}
