package memory_test

import (
	"testing"

	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/store/storetest"
)

func TestMapsKeepEveryPromise(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		s := memory.New()
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	})
}
