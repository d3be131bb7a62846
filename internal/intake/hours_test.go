package intake

import (
	"math/rand/v2"
	"testing"
	"time"
)

// monday of the first week.
var monday = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// weeks are the hours of some weeks in which something comes.
func weeks(n int, comes func(t time.Time) bool) heard {
	h := heard{}
	for t := monday; t.Before(monday.AddDate(0, 0, 7*n)); t = t.Add(time.Hour) {
		if comes(t) {
			h.note(t)
		}
	}
	return h
}

func office(t time.Time) bool {
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday && t.Hour() >= 8 && t.Hour() < 18
}

func TestWhenAFeedHasBeenSilentTooLong(t *testing.T) {
	t.Parallel()
	always := func(time.Time) bool { return true }
	nightly := func(t time.Time) bool { return t.Hour() == 2 }
	jitter := func(t time.Time) bool { return t.Hour() == 1+t.YearDay()%2 }
	weekly := func(t time.Time) bool { return t.Weekday() == time.Tuesday && t.Hour() == 5 }
	holiday := func(t time.Time) bool { return office(t) && t.YearDay() != 19 }
	for name, c := range map[string]struct {
		comes func(time.Time) bool
		first time.Duration // into the fifth week: when it is silent, as nothing comes
	}{
		"round the clock, after three hours":            {always, 3 * time.Hour},
		"in office hours, on Monday before noon":        {office, 11 * time.Hour},
		"one holiday does not make it patient":          {holiday, 12 * time.Hour},
		"once a night, when one night has brought none": {nightly, 3 * time.Hour},
		"once a night, now an hour later, now earlier":  {jitter, 26 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := weeks(4, c.comes)
			for at := time.Duration(0); ; at += time.Hour {
				s, ok := h.silent(monday.AddDate(0, 0, 28).Add(at))
				if !ok {
					t.Fatal("not learned")
				}
				if !s.beyond() {
					continue
				}
				if at != c.first {
					t.Errorf("silent %s into the week, want %s (%+v)", at, c.first, s)
				}
				return
			}
		})
	}
	if _, ok := weeks(4, weekly).silent(monday.AddDate(0, 0, 60)); ok {
		t.Error("four messages tell nothing")
	}
	if _, ok := weeks(1, always).silent(monday.AddDate(0, 0, 30)); ok {
		t.Error("one week tells nothing")
	}
}

// TestAFeedThatSpeaksNowAndThenIsRarelySilent: by chance alone.
func TestAFeedThatSpeaksNowAndThenIsRarelySilent(t *testing.T) {
	t.Parallel()
	rates := []float64{1.0 / 48, 0.2, 0.5, 0.9}
	if testing.Short() {
		rates = rates[:2]
	}
	for _, often := range rates {
		r := rand.New(rand.NewPCG(7, 11))
		h, pauses, quiet := heard{}, 0, false
		for at := monday; at.Before(monday.AddDate(1, 0, 0)); at = at.Add(time.Hour) {
			if r.Float64() < often {
				h.note(at)
				quiet = false
			}
			if s, ok := h.silent(at); ok && s.beyond() && !quiet {
				pauses, quiet = pauses+1, true
			}
		}
		if pauses > 6 {
			t.Errorf("of %.2f an hour: silent %d times in a year of chance", often, pauses)
		}
	}
}

// TestTheRecordOfAFeedStaysSmall: four weeks before its last message, whatever
// became of it.
func TestTheRecordOfAFeedStaysSmall(t *testing.T) {
	t.Parallel()
	h := weeks(52, func(time.Time) bool { return true })
	if len(h) != heardDays+1 {
		t.Errorf("%d days are kept", len(h))
	}
	if s, ok := h.silent(monday.AddDate(2, 0, 0)); !ok || !s.beyond() {
		t.Error("a feed that ended a year ago is silent")
	}
}
