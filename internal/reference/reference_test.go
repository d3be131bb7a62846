package reference_test

import (
	"os"
	"testing"

	"holdfast/internal/reference"
)

func TestTheReferenceSaysWhatTheCodeDoes(t *testing.T) {
	t.Parallel()
	if stale := reference.Stale(os.DirFS("../../docs/reference")); len(stale) > 0 {
		t.Errorf("docs/reference differs from the code: %v; run make gen", stale)
	}
}
