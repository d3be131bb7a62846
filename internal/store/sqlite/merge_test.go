package sqlite_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/store/sqlite"
)

// TestEveryTableThatNamesAnAccountIsDealtWithWhenItBecomesAnother fails when a
// table is added that a merge would forget: give its rows to the survivor in
// MoveAccount of all three stores, or say here who judges them.
func TestEveryTableThatNamesAnAccountIsDealtWithWhenItBecomesAnother(t *testing.T) {
	t.Parallel()
	s, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	dealt := map[string][]string{
		"account": {"approvals", "buckets", "contacts", "enrollments", "events", "holds", "lines", "listeners", "messages", "objects", "rests", "tasks", "touches", "erasures",
			"arms", "dues", "truths"}, // intake's mergeArms and mergeTruths; a due finds whom its account has become
		"contact": {"enrollments", "events", "suppressions", "tasks", "touches", "parked",
			"erasures"}, // who is erased stays who they were
	}
	for column, want := range dealt {
		got, err := s.TablesWith(t.Context(), column)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("tables with a column %s (-dealt with +there):\n%s", column, diff)
		}
	}
}
