package memory

import "holdfast/internal/store"

// Sift answers with all known accounts: looking at one costs no more than asking.
func (t *tx) Sift(_ store.Sieve, after string, limit int) ([]string, error) {
	return t.AccountIDs(after, limit)
}

func (t *tx) Sifts([]string) error { return t.ready() }

func (t *tx) CanSift() bool { return false }
