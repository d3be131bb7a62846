package mail_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/mail"
)

func TestEveryFilterSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	if d := cmp.Diff(mail.Filters(), slices.Sorted(maps.Keys(mail.FilterDocs()))); d != "" {
		t.Error(d)
	}
}
