package guards

import (
	"strconv"

	"holdfast/internal/calendar"
)

// tail is how many business days count as the end of a quarter when a playbook
// does not say: two weeks in which budgets and people are busy elsewhere.
const tail = 10

// QuarterEnd waits for the next fiscal quarter of the account.
var QuarterEnd = Guard{
	Name:    "quarter_end",
	Summary: "The account's fiscal quarter is closing; the touch waits for the next one, unless it is transactional.",
	Keys:    []string{"guardrails.avoid"},
	Set:     "`quarter_end` in the list; `account.fiscal_year_start` and `fiscal_start:` of holdfast.yaml say when quarters end",
	Example: func(a *Ask) {
		a.Now = a.Now.AddDate(0, 0, 21)
	},
	Check: func(a Ask) (Decision, error) {
		if a.Internal || a.Class == "transactional" || !a.avoids("quarter_end") {
			return Decision{}, nil
		}
		fiscal, n := a.FiscalStart, a.Rails.QuarterTail
		if fiscal == 0 {
			fiscal = a.Rails.FiscalStart
		}
		if n == 0 {
			n = tail
		}
		if !a.Days.QuarterEnd(a.Now, n, fiscal) {
			return Decision{}, nil
		}
		next := calendar.NextQuarter(a.Now, fiscal)
		detail := a.Now.Format("Mon 2 Jan 2006") + " is in the last " + strconv.Itoa(n) + " business days of the quarter"
		return a.shift(next, "quarter_end", detail), nil
	},
}
