package ingest

import (
	"cmp"

	"holdfast/internal/intake"
)

// Who is said to be whom moves what waits, so that a message that is not taken says
// nothing of it. An alias whose source may not merge people is the one exception.

// says is what it says of who is whom, as the n-th message of a call, counted from 1;
// 0 is as none of them. What names no id is left out.
func (it item) says(n int) (all []intake.Same) {
	for _, s := range it.same {
		if notIDs(s) == "" {
			s.Of = n
			all = append(all, s)
		}
	}
	return all
}

// unlike says why those whom an alias names are none, or "".
func (it item) unlike() string {
	if len(it.same) == 0 {
		return ""
	}
	return notIDs(it.same[0])
}

func notIDs(s intake.Same) string {
	return cmp.Or(intake.NoID("contact", s.New), intake.NoID("previous", s.Old))
}
