package guards

import (
	"fmt"
	"time"

	"holdfast/internal/calendar"
)

// Caps waits until the oldest touch of a full cap is old enough.
var Caps = Guard{
	Name:    "cap",
	Summary: "The person or the account got as many touches as the playbook allows; the touch waits until the oldest of them counts no more.",
	Keys:    []string{"guardrails.caps"},
	Set:     "how many of what, in how long, for whom",
	Example: func(a *Ask) {
		a.Rails.Caps = []Cap{{Max: 1, What: "email", In: calendar.Span{Days: 5, Text: "5d"}, Per: "contact"}}
		went := a.Now.AddDate(0, 0, -2)
		a.Oldest = func(string, string, time.Time) (time.Time, error) { return went, nil }
		a.Count = func(_, _ string, since time.Time) (int, error) {
			if went.Before(since) {
				return 0, nil
			}
			return 1, nil
		}
	},
	Check: func(a Ask) (Decision, error) {
		for _, c := range a.Rails.Caps {
			if !c.binds(a) {
				continue
			}
			d, err := c.check(a)
			if err != nil || d.Kind != Go {
				return d, err
			}
		}
		return Decision{}, nil
	},
}

// binds reports whether c counts touches of a's channel. What our own people
// get is no touch of the customer; only a cap on that very channel binds it.
func (c Cap) binds(a Ask) bool {
	return c.What == a.Channel || (c.What == "touch" && !a.Internal)
}

func (c Cap) check(a Ask) (Decision, error) {
	if c.Max <= 0 {
		return Decision{Kind: Drop, Reason: "cap", Detail: "the playbook allows no " + c.What}, nil
	}
	since := c.since(a, a.Now)
	n, err := a.Count(c.What, c.Per, since)
	if err != nil || n < c.Max {
		return Decision{}, err
	}
	oldest, err := a.Oldest(c.What, c.Per, since)
	if err != nil {
		return Decision{}, err
	}
	detail := fmt.Sprintf("%d of at most %d %s in %s went to the %s", n, c.Max, c.What, c.In, c.Per)
	return a.shift(c.frees(a, oldest), "cap", detail), nil
}

// since is the first moment whose touches count at t: a span is half open, so
// that "one in 5d" allows Monday 09:00 and Saturday 09:00.
func (c Cap) since(a Ask, t time.Time) time.Time { return c.In.Since(t.In(a.Zone), a.Days) }

// frees is when a touch that went at oldest counts no more; an unknown one is
// asked about again in an hour.
func (c Cap) frees(a Ask, oldest time.Time) time.Time {
	if t := c.In.Over(oldest.In(a.Zone), a.Days); !oldest.IsZero() && t.After(a.Now) {
		return t
	}
	return a.Now.Add(time.Hour)
}
