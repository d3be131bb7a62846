package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/steps"
)

// errStopped keeps a card from being handed out.
var errStopped = errors.New("sending is stopped")

// resumePage is how many enrollments are woken in one transaction.
const resumePage = 500

// stopped says who stopped the sending of all playbooks or of this one, "" while
// it goes on.
func stopped(tx store.Tx, playbook string) (string, error) {
	by, err := tx.MetaGet(store.StopAllKey)
	if err != nil {
		return "", fmt.Errorf("read the switch that stops all: %w", err)
	}
	if by != "" {
		return "all sending was stopped by " + by, nil
	}
	if by, err = tx.MetaGet(store.StopKey(playbook)); err != nil {
		return "", fmt.Errorf("read the switch that stops a playbook: %w", err)
	}
	if by != "" {
		return "playbook " + playbook + " was stopped by " + by, nil
	}
	return "", nil
}

// StopAll stops every message of every playbook, to customers and to our own
// people, from the commit on. by is who did it, for the reasons. What is being
// sent at this moment is finished. It works beside a running process.
func StopAll(ctx context.Context, st store.Store, by string) error {
	return stop(ctx, st, store.StopAllKey, by)
}

// StopPlaybook is StopAll of one playbook. The error is a *holdfast.Error when no
// playbook of that name was ever published.
func StopPlaybook(ctx context.Context, st store.Store, playbook, by string) error {
	if err := published(ctx, st, playbook); err != nil {
		return err
	}
	return stop(ctx, st, store.StopKey(playbook), by)
}

func stop(ctx context.Context, st store.Store, key, by string) error {
	if by == "" {
		by = "someone"
	}
	return st.Update(ctx, func(tx store.Tx) error {
		now, err := Now(tx, clock.System{}.Now())
		if err != nil {
			return err
		}
		return errors.Join(tx.MetaSet(key, by), store.Audited(ctx, tx, now, by, "sending.stop", playbookOf(key), nil))
	})
}

// playbookOf a switch, "" for that of all.
func playbookOf(key string) string {
	return strings.TrimPrefix(strings.TrimPrefix(key, store.StopAllKey), "/")
}

// published holds a name to the playbooks there are.
func published(ctx context.Context, st store.Store, playbook string) error {
	return st.View(ctx, func(tx store.Tx) error {
		heads, err := tx.Heads()
		if err != nil || heads[playbook] != "" {
			return err
		}
		missing := holdfast.Errorf(holdfast.NotFound, "there is no playbook %q", playbook)
		missing.Hint = "published are " + strings.Join(slices.Sorted(maps.Keys(heads)), ", ")
		return missing
	})
}

// Stops are the switches that are thrown.
func Stops(ctx context.Context, st store.Store) (stops []store.Stop, err error) {
	err = st.View(ctx, func(tx store.Tx) error {
		stops, err = store.Stops(tx)
		return err
	})
	return stops, err
}

// ResumeAll lets messages go again and wakes what waits for that; a running relay
// finds the wakes within a second. Playbooks that were stopped by name stay so. It
// may be called again when it failed half way.
func ResumeAll(ctx context.Context, st store.Store, machine time.Time) error {
	return resume(ctx, st, store.StopAllKey, "", machine)
}

// ResumePlaybook is ResumeAll of one playbook. Its failure brake counts anew.
func ResumePlaybook(ctx context.Context, st store.Store, playbook string, machine time.Time) error {
	if err := published(ctx, st, playbook); err != nil {
		return err
	}
	err := st.Update(ctx, func(tx store.Tx) error {
		b, err := intake.BrakeOf(tx, playbook, "", machine)
		if err != nil {
			return err
		}
		return b.Release()
	})
	if err != nil {
		return err
	}
	return resume(ctx, st, store.StopKey(playbook), playbook, machine)
}

func resume(ctx context.Context, st store.Store, key, playbook string, machine time.Time) error {
	err := st.Update(ctx, func(tx store.Tx) error {
		now, err := Now(tx, machine)
		if err != nil {
			return err
		}
		return errors.Join(tx.MetaSet(key, ""), store.Audited(ctx, tx, now, "", "sending.resume", playbook, nil))
	})
	if err != nil {
		return err
	}
	for after, more := "", true; more; {
		var last string
		err := st.Update(ctx, func(tx store.Tx) error {
			now, err := Now(tx, machine)
			if err != nil {
				return err
			}
			page, err := tx.ListEnrollments(store.EnrollmentFilter{Playbook: playbook, Status: "active", After: after, Limit: resumePage})
			if err != nil {
				return fmt.Errorf("list enrollments: %w", err)
			}
			more = len(page) == resumePage
			for _, e := range page {
				wake := tx.Wake
				if steps.Kept(readMirror(e.State).State, "stopped") {
					wake = func(id string) error { return ask(tx, id, now) }
				}
				if err := wake(e.ID); err != nil {
					return fmt.Errorf("wake enrollment %s: %w", e.ID, err)
				}
				last = e.ID
			}
			return nil
		})
		if err != nil {
			return err
		}
		after = last
	}
	return nil
}
