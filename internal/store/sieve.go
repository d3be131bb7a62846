package store

import "time"

// Sieve says which accounts are worth looking at. It may let through more than are
// wanted and never fewer: whoever asks looks at each again.
type Sieve struct {
	Op   SieveOp
	Kids []Sieve // SieveAny, SieveAll

	Field string
	Type  SieveType
	// Of a number and a day, both ends included. A nil number and a zero day are no end.
	Low, High  *float64
	From, Till time.Time
	Texts      []string // SieveText

	Playbook, Trigger string // SieveTrue, SieveUntrue
}

// SieveOp is what a sieve asks.
type SieveOp int

// The questions. Of nothing, SieveAll lets through everybody and SieveAny nobody.
const (
	SieveAll SieveOp = iota
	SieveAny
	SieveDay    // the field's day lies between From and Till
	SieveNumber // the field's number lies between Low and High
	SieveText   // the field, as text, is one of Texts; a truth is "true" or "false"
	SieveNot    // the field, as text, is none of Texts; an unset one is let through or not
	SieveSet    // the field has a value
	SieveUnset  // it has none, or none of its type
	SieveTrue   // the condition of Trigger was true when it was last looked at (Truth)
	SieveUntrue
)

// SieveType is how a field's value is written where that is as usual, so that it is
// of the field's type for certain. A sieve lets through what is written otherwise.
type SieveType int

// The types.
const (
	SieveTexts    SieveType = iota // all but lists and maps
	SieveDays                      // 2026-03-01 and 2026-03-01T09:00:00Z, where the calendar and the clock have them
	SieveNumbers                   // 12 and -0.5
	SieveWholes                    // 12
	SieveAmounts                   // 12 and -0.50, with two places at most
	SieveTruths                    // true and false
	SieveAnything                  // nothing is for certain
)

// Any lets through what one of kids does.
func Any(kids ...Sieve) Sieve { return joined(SieveAny, kids) }

// All lets through what every one of kids does.
func All(kids ...Sieve) Sieve { return joined(SieveAll, kids) }

// joined flattens, and leaves out what decides nothing.
func joined(op SieveOp, kids []Sieve) Sieve {
	out := Sieve{Op: op}
	for _, k := range kids {
		switch {
		case k.Op == op:
			out.Kids = append(out.Kids, k.Kids...)
		case k.Op <= SieveAny && len(k.Kids) == 0:
			return k // everybody among alternatives, nobody among demands
		default:
			out.Kids = append(out.Kids, k)
		}
	}
	if len(out.Kids) == 1 {
		return out.Kids[0]
	}
	return out
}

// Everybody reports that s keeps nobody back.
func (s Sieve) Everybody() bool { return s.Op == SieveAll && len(s.Kids) == 0 }

// DayFields are the fields whose days s asks for, each once: those that an index helps.
func (s Sieve) DayFields() []string {
	var out []string
	seen := map[string]bool{}
	s.each(func(k Sieve) {
		if k.Op == SieveDay && !seen[k.Field] {
			seen[k.Field] = true
			out = append(out, k.Field)
		}
	})
	return out
}

func (s Sieve) each(visit func(Sieve)) {
	visit(s)
	for _, k := range s.Kids {
		k.each(visit)
	}
}

// Sifting finds accounts by what is stored of them.
type Sifting interface {
	// CanSift is false where Sift answers with all known accounts.
	CanSift() bool
	// Sift is the known accounts that s may let through, by id, beyond after. A store
	// that cannot ask its data may answer with all known accounts.
	Sift(s Sieve, after string, limit int) ([]string, error)
	// Sifts prepares the store for sieves that ask for the days of fields. It may
	// take long over many accounts the first time, and nothing later.
	Sifts(fields []string) error
}
