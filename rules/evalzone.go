package rules

import (
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// zone is where the account's days begin.
func (ev *evaluation) zone() *time.Location { return ev.set.zone(ev.facts) }

// today is the account's local day.
func (ev *evaluation) today() dateVal { return dateOf(ev.facts.Now.In(ev.zone())) }

// startOf is the hidden function that a date becomes when it stands beside a moment.
const startOf = "@start_of"

// startOfDay declares it: the first local moment of a day.
func startOfDay() cel.EnvOption {
	return cel.Function(startOf, cel.Overload(startOf, []*types.Type{factsType, dateType}, types.TimestampType,
		cel.BinaryBinding(func(facts, day ref.Val) ref.Val {
			ev, ok := facts.(*evaluation)
			d, isDate := day.(dateVal)
			if !ok || !isDate {
				return types.MaybeNoSuchOverloadErr(day)
			}
			return types.Timestamp{Time: d.in(ev.zone())}
		})))
}
