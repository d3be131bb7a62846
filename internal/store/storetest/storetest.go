// Package storetest is the one suite that every database passes: each promise
// in the comments of package store, as a test. To add a promise, write its
// comment there and its test here.
package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/store"
)

// Run checks the store that open makes, empty, for each test.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, store.Store){
		"an error rolls everything back and is returned as it is": errorsRollBack,
		"a panic rolls back and frees the writer":                 panicsRollBack,
		"a cancelled update leaves nothing and says so":           cancelledUpdates,
		"a view cannot write":                                     viewsOnlyRead,
		"a view stays on its snapshot":                            viewsAreSnapshots,
		"a transaction that is over does nothing":                 overIsOver,
		"a closed store refuses":                                  closedRefuses,
		"updates do not interleave":                               updatesAreSerial,
		"waiting updates get their turn in order":                 updatesAreFair,
		"one failure among waiting updates undoes only itself":    failuresAreAlone,
		"fifty claims on a cap of one make one touch":             oneClaimWins,
		"one entry enrols once":                                   oneEntryWins,
		"what is given and got is the caller's own":               nothingIsShared,
		"numbers come back as they were written":                  numbersAreExact,
		"a listener of nobody undoes the transaction":             listenersNeedTheirEnrollment,
		"meta":                   metaIsKept,
		"accounts":               accountsAreKept,
		"contacts and objects":   contactsAndObjectsAreKept,
		"events":                 eventsAreKeptOnce,
		"opt-outs":               optOutsAreOfEveryAccount,
		"expected events":        expectedEventsAreKeptOnce,
		"foreseen events":        foreseenEventsAreKeptWhenAppended,
		"buckets":                bucketsAddUp,
		"buckets that were read": readBucketsAddUp,
		"many at once":           manyAreAsOneByOne,
		"sifting":                siftingLosesNobody,
		"contacts by address":    contactsAreFoundByAddress,
		"suppressions":           suppressionsAreKept,
		"rests":                  longerRestWins,
		"holds":                  holdsAreKept,
		"arms":                   firstArmCounts,
		"versions and heads":     versionsAreImmutable,
		"releases":               releasesAreKept,
		"truths":                 truthsAreKept,
		"dues":                   duesAreKeptByKey,
		"enrollments":            enrollmentsAreKept,
		"enrolling a page":       enrollingAfterReading,
		"listing enrollments":    enrollmentsPage,
		"due enrollments":        dueEnrollmentsAreAtRest,
		"signals":                signalsAreNumbered,
		"an ended enrollment":    endedIsLeftAlone,
		"leaving":                leavingIsListed,
		"listeners":              listenersHear,
		"tasks":                  tasksAreKept,
		"approvals":              approvalsAreKept,
		"touches":                touchesAreKept,
		"counting touches":       touchesAreCounted,
		"messages":               messagesAreKeptOnce,
		"sightings":              sightingsAreKeptOnce,
		"listing touches":        touchesPage,
		"lifting suppressions":   suppressionsAreLifted,
		"leases":                 leasesExclude,
		"relay order":            relayIsInOrder,
		"restarts":               restartsAreWrittenOnce,
		"lines":                  linesAreKeptOnce,
		"tokens":                 tokensAreKept,
		"one hash is a token":    hashesAreUnique,
		"parked messages":        parkedMessagesWait,
		"what is old":            oldRowsGo,
		"pages of old rows":      oldRowsPage,
		"erasures":               erasuresAreKept,
		"texts":                  textsAreRewritten,
		"pages of texts":         textsPage,
		"old audit":              oldAuditGoes,
		"aliases":                aliasesAreKept,
		"moving an account":      accountsMove,
		"moving a contact":       contactsMove,
		"the audit log":          auditsAreKept,
		"what is open":           standingCountsWhatIsOpen,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// t0 has microseconds, so that a store which drops them fails.
var t0 = time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC)

func update(t *testing.T, s store.Store, fn func(tx store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, s store.Store, fn func(tx store.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// same fails the transaction when got is not want, naming what.
func same(what string, got, want any) error {
	if d := cmp.Diff(want, got); d != "" {
		return errors.New(what + " (-want +got):\n" + d)
	}
	return nil
}

// missing wants ErrNotFound.
func missing(what string, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return errors.Join(errors.New(what+": want ErrNotFound, got"), err)
	}
	return nil
}

func enrollment(id string) store.Enrollment {
	return store.Enrollment{
		ID: id, Playbook: "win-back", Digest: "d1", Account: "acme", EntryKey: id, Arm: "treated",
		Status: "active", StartedAt: t0,
	}
}

func enrolled(t *testing.T, s store.Store, es ...store.Enrollment) {
	t.Helper()
	update(t, s, func(tx store.Tx) error {
		for _, e := range es {
			if won, err := tx.Enroll(e); err != nil || !won {
				return errors.Join(errors.New("enroll "+e.ID+" did not win"), err)
			}
		}
		return nil
	})
}

// settle delivers all relay rows and echoes all wakes, as the engine would.
func settle(t *testing.T, s store.Store, ids ...string) {
	t.Helper()
	update(t, s, func(tx store.Tx) error {
		for _, id := range ids {
			e, err := tx.Enrollment(id)
			if err != nil {
				return err
			}
			e.Echoed = e.Woken
			if err := errors.Join(tx.PutEnrollment(e), tx.Delivered(id, 1<<60, "ok")); err != nil {
				return err
			}
		}
		return nil
	})
}

func unsettled(t *testing.T, s store.Store) int {
	t.Helper()
	var n int
	view(t, s, func(tx store.Tx) (err error) {
		n, err = tx.Unsettled()
		return err
	})
	return n
}
