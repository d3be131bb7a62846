package rules

import (
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// Function is one function of the language beside CEL's own.
type Function struct {
	Name      string
	Signature string // as people read it: days_until(date) -> int
	Summary   string
	Clock     bool // it reads the clock: its value changes without an event
	Daily     bool // by Clock it changes at midnight alone, the account's or that of UTC
	Example   Example

	overloads []overload
	facts     bool // its first argument, unseen by authors, is the facts
	zone      bool // it reads where days begin: account.timezone and country
	days      bool // it reads which days are business days: account.country
	sees      bool // it is given the unset too, and says what they mean
	metric    bool // its first argument is a metric's name, not its value
	calendar  bool // its last argument, beyond the first, names a calendar
	// literal says what is wrong with a literal text argument, "" nothing.
	literal func(arg string) string
}

// Example of a function: an expression, the facts it reads, and its result, all
// as text. Docs show it and tests run it.
type Example struct {
	Expr   string
	Now    string            // RFC 3339; "" when it does not matter
	Fields map[string]string // account.renewal_date -> "2026-06-01"
	Series string            // metric.logins: counts a day, the last one today: "0 3 2 5"
	// Population of the number that is ranked: "1 2 3".
	Population string
	Result     string // as Untyped writes it
}

// Functions of the language, in the order of the reference.
var Functions = []Function{
	funcDays, funcHours, funcWeeks,
	funcAddDays, funcAddMonths, funcAddBusinessDays,
	funcDaysUntil, funcDaysSince, funcNextOccurrence, funcDate,
	funcPercent, funcMoney, funcClamp, funcRatio, funcAtLeast,
	funcPercentile,
	funcSum, funcMax, funcMin, funcFirst,
	funcTrend, funcSumOver, funcAveragePerWeek, funcQuietDays,
}

// overload is one signature of a function, without the hidden facts.
type overload struct {
	member bool
	args   []*types.Type
	result *types.Type
	call   func(args []ref.Val) ref.Val
	// with is call for a function that reads facts.
	with func(ev *evaluation, args []ref.Val) ref.Val
}

// factsType is the hidden argument's; no author can name it.
var factsType = types.NewOpaqueType("facts")

// functionNamed is the function of ours called name, or nil.
func functionNamed(name string) *Function {
	for i := range Functions {
		if Functions[i].Name == name {
			return &Functions[i]
		}
	}
	return nil
}

// options declares f to CEL.
func (f *Function) options() cel.EnvOption {
	var opts []cel.FunctionOpt
	for _, o := range f.overloads {
		args := o.args
		if f.facts {
			at := 0
			if o.member {
				at = 1
			}
			args = append(append(append([]*types.Type(nil), o.args[:at]...), factsType), o.args[at:]...)
		}
		id := []string{f.Name}
		for _, a := range args {
			id = append(id, strings.NewReplacer("(", "_", ")", "", ".", "_").Replace(a.String()))
		}
		decl := cel.Overload
		if o.member {
			decl = cel.MemberOverload
		}
		how := []cel.OverloadOpt{cel.FunctionBinding(f.binding(o))}
		if f.sees {
			how = append(how, cel.OverloadIsNonStrict())
		}
		opts = append(opts, decl(strings.Join(id, "_"), args, o.result, how...))
	}
	return cel.Function(f.Name, opts...)
}

// binding calls o with the facts taken out of the arguments.
func (f *Function) binding(o overload) func(...ref.Val) ref.Val {
	if !f.facts {
		return func(args ...ref.Val) ref.Val { return o.call(args) }
	}
	at := 0
	if o.member {
		at = 1
	}
	return func(args ...ref.Val) ref.Val {
		ev, ok := args[at].(*evaluation)
		if !ok {
			return types.MaybeNoSuchOverloadErr(args[at])
		}
		rest := make([]ref.Val, 0, len(args)-1)
		rest = append(append(rest, args[:at]...), args[at+1:]...)
		return o.with(ev, rest)
	}
}
