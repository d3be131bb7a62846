package activities

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast"
	"holdfast/rules"
	"holdfast/steps"
)

// assign writes fields of the account as a message of our own, so that all that
// watches them reacts in this transaction. The steps after it see them at once.
func (w *walk) assign(cmd steps.Command) error {
	props := make(map[string]any, len(cmd.Values))
	known := maps.Clone(w.facts.Account)
	for name, v := range cmd.Values {
		props[name], known[name] = rules.Untyped(v), v
	}
	w.facts.Account = known
	if len(props) > 0 {
		w.events = append(w.events, holdfast.Message{
			ID: w.e.ID + "/" + cmd.Path, Source: "system", Kind: holdfast.Group, Event: holdfast.EventAccountSet,
			Account: w.e.Account, At: w.now, Props: props,
		})
	}
	line := w.line(cmd, "", "")
	line.Key, line.Kind, line.Outcome, line.Reason = line.Key+"/set", "set", "done", assigned(cmd.Values)
	w.reply(cmd.Path, steps.Answer{Outcome: "done"})
	return w.tx.AddLine(line)
}

// assigned is values as the timeline shows them: "stage = saved".
func assigned(values map[string]any) string {
	var said []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		said = append(said, fmt.Sprintf("%s = %v", name, rules.Untyped(values[name])))
	}
	return strings.Join(said, ", ")
}
