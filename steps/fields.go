package steps

import (
	"maps"

	"holdfast/rules"
)

// Fields of s's result, which expressions of later steps may read as <id>.<field>:
// outcome and at, and those of its verb. The map is the caller's.
func (s *Step) Fields() map[string]rules.Type {
	fields := map[string]rules.Type{"outcome": rules.String, "at": rules.Timestamp}
	maps.Copy(fields, s.fields)
	return fields
}
