package activities

import (
	"encoding/json"
	"fmt"

	"holdfast"
)

// payload is the body of a webhook: what the step says, beside what it is about.
func (w *walk) payload(t touch) (holdfast.Outbound, error) {
	body := map[string]any{
		"account": w.e.Account, "playbook": w.e.Playbook, "enrollment": w.e.ID, "step": t.cmd.Step.ID, "path": t.cmd.Path,
		"at": w.now.UTC(), "data": t.cmd.Values,
	}
	text, err := json.Marshal(body)
	if err != nil {
		return holdfast.Outbound{}, fmt.Errorf("encode the body: %w", err)
	}
	return holdfast.Outbound{To: t.to.address, Text: string(text)}, nil
}
