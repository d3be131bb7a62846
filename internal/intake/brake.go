package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// The failure brake stops a playbook that does harm: after so many equal errors in
// a day, or when too many of its e-mails bounce or are reported as spam.
//
// More than 5 % of bounces, or 0.1 % of spam reports, is where Amazon SES puts a
// sender under review (docs.aws.amazon.com/ses, reputation dashboard); Gmail asks
// bulk senders to stay below 0.1 % and never to reach 0.3 %
// (support.google.com/a/answer/81126). The least numbers keep one bad address from
// stopping a small playbook.
const (
	equalErrors   = 5
	bouncesOf     = 20 // more than one bounce in so many e-mails: 5 %
	leastSent     = 20
	leastBounced  = 3
	complaintsOf  = 1000 // more than one spam report in so many: 0.1 %
	leastReported = 3
)

// brakeKey is the Meta that counts how often a playbook was let go on. What was
// counted before that counts no more.
func brakeKey(playbook string) string { return "brake/" + playbook }

// Brake counts for one playbook inside a transaction.
type Brake struct {
	tx       store.Tx
	playbook string
	account  string // at which it happens
	now      time.Time
	name     string // of what is counted
}

// BrakeOf is a playbook's, at a moment and an account.
func BrakeOf(tx store.Tx, playbook, account string, now time.Time) (Brake, error) {
	round, err := tx.MetaGet(brakeKey(playbook))
	if err != nil {
		return Brake{}, fmt.Errorf("read the brake of %s: %w", playbook, err)
	}
	return Brake{tx, playbook, account, now, brakeKey(playbook) + "/" + round + "/"}, nil
}

// Release begins to count anew: somebody has let the playbook go on.
func (b Brake) Release() error {
	round, err := b.tx.MetaGet(brakeKey(b.playbook))
	if err != nil {
		return fmt.Errorf("read the brake of %s: %w", b.playbook, err)
	}
	n, _ := strconv.Atoi(round) // "" is none yet
	return b.tx.MetaSet(brakeKey(b.playbook), strconv.Itoa(n+1))
}

// Failed counts an error by which a touch or an enrollment could not go on. Equal
// are those with the same words at the same step ("" at the start), on one day
// (UTC).
func (b Brake) Failed(step, words string) error {
	sum := sha256.Sum256([]byte(step + "\x1f" + words))
	n, err := b.add("error/"+hex.EncodeToString(sum[:8]), 0)
	if err != nil || n < equalErrors {
		return err
	}
	where := b.playbook
	if step != "" {
		where += "/" + step
	}
	return b.pull(fmt.Sprintf("%d equal errors: %s in %s", n, words, where))
}

// Sent counts an e-mail that went.
func (b Brake) Sent() error {
	return b.count("sent")
}

// Bounced counts an e-mail that could not be delivered, for good. It and the
// e-mails that went are those of this day and the day before.
func (b Brake) Bounced() error {
	n, sent, err := b.against("bounced")
	if err != nil || sent < leastSent || n < leastBounced || n*bouncesOf <= sent {
		return err
	}
	return b.pull(fmt.Sprintf("%d of %d e-mails bounced", n, sent))
}

// Complained counts a spam report, as Bounced.
func (b Brake) Complained() error {
	n, sent, err := b.against("complained")
	if err != nil || n < leastReported || n*complaintsOf <= sent {
		return err
	}
	return b.pull(fmt.Sprintf("%d of %d e-mails were reported as spam", n, sent))
}

// against adds to what is counted, and reads it and what was sent.
func (b Brake) against(what string) (n, sent int64, err error) {
	if n, err = b.add(what, 1); err != nil {
		return 0, 0, err
	}
	sent, err = b.sum("sent", 1)
	return n, sent, err
}

// add counts one more, and answers with the sum of today and so many days before.
func (b Brake) add(what string, days int) (int64, error) {
	if err := b.count(what); err != nil {
		return 0, err
	}
	return b.sum(what, days)
}

func (b Brake) count(what string) error {
	if err := store.Tally(b.tx, b.name+what, b.now, 1); err != nil {
		return fmt.Errorf("count for the brake of %s: %w", b.playbook, err)
	}
	return nil
}

func (b Brake) sum(what string, days int) (n int64, err error) {
	all, err := store.Tallied(b.tx, b.name+what, b.now.AddDate(0, 0, -days), b.now)
	if err != nil {
		return 0, fmt.Errorf("read the brake of %s: %w", b.playbook, err)
	}
	for _, d := range all {
		n += d.Count
	}
	return n, nil
}

// pull stops the playbook, once, and has somebody told.
func (b Brake) pull(why string) error {
	by, err := b.tx.MetaGet(store.StopKey(b.playbook))
	if err != nil || by != "" {
		return err
	}
	why = "the failure brake: " + why
	if err := b.tx.MetaSet(store.StopKey(b.playbook), why); err != nil {
		return err
	}
	err = b.tx.AddLine(store.Line{
		Key: b.name + b.now.UTC().Format(time.RFC3339), At: b.now, Account: b.account, Playbook: b.playbook,
		Kind: "brake", Outcome: "stopped", Reason: why,
	})
	if err != nil {
		return err
	}
	err = b.tx.AddAudit(store.Audit{At: b.now, Who: "system", What: "sending.stop", On: b.playbook, Details: `{"by":"the failure brake"}`})
	if err != nil {
		return err
	}
	return PutAlarm(b.tx, Alarm{
		Key: brakeKey(b.playbook), Playbook: b.playbook, Account: b.account, At: b.now,
		Title: "Playbook " + b.playbook + " was stopped by " + why,
		Brief: "It sends nothing until somebody lets it go on; its clocks and listening do. Mend what is wrong, then: holdfast resume " + b.playbook + ".",
	})
}

// brake counts what providers say of a playbook's e-mails. Only our own handlers
// can say such events, and they name the playbook.
func (b *batch) brake(m holdfast.Message) error {
	if m.Kind != holdfast.Track || m.Event != holdfast.EventBounced && m.Event != holdfast.EventComplained {
		return nil
	}
	playbook, _ := m.Props["playbook"].(string)
	if class, _ := m.Props["class"].(string); playbook == "" || class == "soft" {
		return nil
	}
	k, err := BrakeOf(b.tx, playbook, m.Account, b.now)
	if err != nil {
		return err
	}
	if m.Event == holdfast.EventBounced {
		return k.Bounced()
	}
	return k.Complained()
}
