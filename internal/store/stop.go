package store

import (
	"fmt"
	"maps"
	"slices"
)

// StopAllKey is the Meta that names who stopped all sending; every claim reads it.
const StopAllKey = "stopped"

// StopKey is that of one playbook.
func StopKey(playbook string) string { return StopAllKey + "/" + playbook }

// Stop is a switch that keeps sending back: Playbook is "" for all of them.
type Stop struct{ Playbook, By string }

// Stops are the switches that are thrown, that of all sending first, then those of
// published playbooks by name.
func Stops(tx Tx) (stops []Stop, err error) {
	heads, err := tx.Heads()
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", err)
	}
	for _, playbook := range append([]string{""}, slices.Sorted(maps.Keys(heads))...) {
		key := StopAllKey
		if playbook != "" {
			key = StopKey(playbook)
		}
		by, err := tx.MetaGet(key)
		if err != nil {
			return nil, fmt.Errorf("read who stopped sending: %w", err)
		}
		if by != "" {
			stops = append(stops, Stop{playbook, by})
		}
	}
	return stops, nil
}
