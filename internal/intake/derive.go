package intake

import (
	"fmt"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/rules"
)

// derivedBy marks a field that objects determine: no message overwrites it.
const derivedBy = "derived"

// derive brings the fields that objects determine up to date. Those of an
// account that nobody has named yet are read by nothing, and wait for its name.
func (b *batch) derive(s *sheet, ch *changes) error {
	s.stale = false
	if !s.acct.Known {
		return nil
	}
	f := b.facts(s, "")
	until := never
	f.Until = &until
	rec, names, err := b.set.DeriveOnly(f, b.derives)
	if err != nil {
		b.trouble("", s.acct.ID, fmt.Errorf("derive account fields: %w", err))
		return nil
	}
	for _, name := range names {
		v := derivedValue(rec, name)
		old, there := s.acct.Fields[name]
		if there && old.Message == derivedBy && equal(old.Value, v) {
			continue
		}
		if s.put(name, store.Field{Value: v, Message: derivedBy}) {
			note(&ch.Account, name)
		}
	}
	if b.mode == History || len(names) == 0 || !b.schema.byClock {
		return nil
	}
	return b.deriveAgain(s, f, rec, names, until)
}

// never is after everything that is looked at.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func derivedValue(rec rules.Record, name string) any {
	v, ok := rec[name]
	if !ok {
		return nil
	}
	return rules.Untyped(v)
}

// looks are the days ahead on which a derived value is tried. Looking at every
// day would cost more than all else that a day brings: what is derived by the
// clock, such as the next of several renewals, mostly steps from one value to
// the next and stays there. A value that comes and goes between two looks is
// missed until the next message about the account's objects.
var looks = []int{0, 1, 2, 4, 8, 16, 32}

// deriveAgain puts the day on the agenda on which a derived field changes by the
// clock alone. Where that is known only to be soon, it looks ahead for it and,
// when none is in sight, puts the day to look again.
func (b *batch) deriveAgain(s *sheet, f *rules.Facts, now rules.Record, names []string, until time.Time) error {
	today := b.now.Truncate(24 * time.Hour)
	due := store.Due{Key: "derive/" + s.acct.ID, Kind: "derive", Account: s.acct.ID}
	if until.Equal(never) {
		return b.tx.DropDue(due.Key)
	}
	if tomorrow := today.AddDate(0, 0, 1); until.After(tomorrow) {
		due.At = until.UTC().Add(24*time.Hour - time.Nanosecond).Truncate(24 * time.Hour)
		return b.tx.PutDue(due)
	}
	differs := func(day int) bool {
		later := *f
		later.Until = nil
		later.Now = today.AddDate(0, 0, day)
		rec, _, err := b.set.DeriveOnly(&later, b.derives)
		return err != nil || slices.ContainsFunc(names, func(n string) bool {
			return !equal(derivedValue(rec, n), derivedValue(now, n))
		})
	}
	same, day := 0, looks[len(looks)-1]
	for _, d := range looks[1:] {
		if differs(d) {
			day = d
			break
		}
		same = d
	}
	for day-same > 1 {
		if mid := (same + day) / 2; differs(mid) {
			day = mid
		} else {
			same = mid
		}
	}
	due.At = today.AddDate(0, 0, day)
	return b.tx.PutDue(due)
}

// fireDerive derives anew and does what follows from it.
func (b *batch) fireDerive(s *sheet) error {
	return b.deriveFor(s, &cause{start: true})
}

// deriveFor derives anew for c, and does what follows from c and from that.
func (b *batch) deriveFor(s *sheet, c *cause) error {
	if err := b.derive(s, &c.ch); err != nil || !s.acct.Known || c.ch.none() {
		return err
	}
	if err := b.running(s, c); err != nil {
		return err
	}
	return b.triggers(s, c)
}

// former is an account that a message about another one took objects from, or at which
// it changed some, with their kinds.
type former struct {
	*sheet
	kinds []string
}

// left notes that an object of a kind has left s, or changed there.
func (b *batch) left(s *sheet, kind string) {
	i := slices.IndexFunc(b.former, func(f former) bool { return f.sheet == s })
	if i < 0 {
		i, b.former = len(b.former), append(b.former, former{sheet: s})
	}
	note(&b.former[i].kinds, kind)
}

// lookBehind does what follows for f from m, which is about another account.
func (b *batch) lookBehind(f former, m holdfast.Message) error {
	c := &cause{start: !b.late(m)}
	c.ch.Objects = f.kinds
	return b.deriveFor(f.sheet, c)
}
