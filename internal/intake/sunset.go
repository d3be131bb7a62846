package intake

import (
	"encoding/json"
	"fmt"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// Sunset is the Data of a due of kind sunset: a concession that will end.
type Sunset struct {
	Kind       string    `json:"kind"`
	Amount     string    `json:"amount,omitempty"`
	Playbook   string    `json:"playbook"`
	Enrollment string    `json:"enrollment"`
	Ends       time.Time `json:"ends"`
}

// sunset tells the account's playbooks that a concession will end.
func (b *batch) sunset(d store.Due) error {
	var s Sunset
	if err := json.Unmarshal(d.Data, &s); err != nil {
		return fmt.Errorf("read its data: %w", err)
	}
	return b.take(0, holdfast.Message{
		ID: d.Key, Source: "system", Kind: holdfast.Track, Event: holdfast.EventOfferSunset, Account: d.Account, At: b.now,
		Props: map[string]any{
			"kind": s.Kind, "amount": s.Amount, "playbook": s.Playbook, "enrollment": s.Enrollment, "ends": s.Ends.Format(time.DateOnly),
		},
	})
}
