package rules

import (
	"testing"
	"time"
)

func TestDateOfIsTheDayOfTheClock(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"UTC", "America/St_Johns", "Pacific/Kiritimati", "Pacific/Niue"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, year := range []int{1, 1900, 1969, 1970, 2026, 9999} {
			for _, at := range []time.Time{
				time.Date(year, 1, 1, 0, 0, 0, 0, loc), time.Date(year, 12, 31, 23, 59, 59, 999_999_999, loc), time.Date(year, 7, 1, 3, 0, 0, 0, loc),
			} {
				y, m, d := at.Date()
				if got := dateOf(at).time(); got != time.Date(y, m, d, 0, 0, 0, 0, time.UTC) {
					t.Errorf("%s is on %s", at, got.Format(time.DateOnly))
				}
			}
		}
	}
}
