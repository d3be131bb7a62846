package facts

import (
	"encoding/json"
	"fmt"

	"holdfast/internal/store"
)

// PopulationKey is the Meta that keeps the numbers which a percentile ranks.
func PopulationKey(name string) string { return "ranked/" + name }

// Population is the numbers of all accounts, ascending, as the intake gathered them
// last; nil before that. The error is the store's, or a MistakeError.
func Population(tx store.Meta, name string) (all []float64, err error) {
	text, err := tx.MetaGet(PopulationKey(name))
	if err == nil && text != "" {
		if err = json.Unmarshal([]byte(text), &all); err != nil {
			err = MistakeError{Err: err}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read what percentile(%s) ranks: %w", name, err)
	}
	return all, nil
}
