package rules

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/cel-go/common/types"
)

// words name a type to people.
func (t Type) words() string {
	switch t {
	case Bool:
		return "true or false"
	case String:
		return "a string"
	case Int:
		return "a whole number"
	case Double:
		return "a number"
	case Money:
		return "an amount of money"
	case Percent:
		return "a percentage"
	case Date:
		return "a date such as 2026-03-01"
	case Timestamp:
		return "a time such as 2026-03-01T09:00:00Z"
	case Duration:
		return "a duration"
	case Strings:
		return "a list of strings"
	case Any:
		return "any value"
	}
	return string(t)
}

// typeWords name a CEL type to people, by the name that CEL's messages give it.
func typeWords(cel string) string {
	switch cel {
	case "bool":
		return "true or false"
	case "string":
		return "a string"
	case "int", "uint", "double":
		return "a number"
	case "money":
		return "money"
	case "percent":
		return "a percentage"
	case "date":
		return "a date"
	case "timestamp", "google.protobuf.Timestamp":
		return "a time"
	case "duration", "google.protobuf.Duration":
		return "a duration"
	case "list(string)":
		return "a list of strings"
	case "dyn":
		return "any value"
	case "metric", "money_metric":
		return "a metric"
	}
	if len(cel) > 5 && cel[:5] == "list(" {
		return "a list"
	}
	if len(cel) > 4 && cel[:4] == "map(" {
		return "a map"
	}
	return "an object (" + cel + ")"
}

// foundWords say what a JSON-shaped value is, without repeating long text.
func foundWords(v any) string {
	switch v := v.(type) {
	case string:
		r := []rune(v)
		if len(r) > 40 {
			r = append(r[:39], '…')
		}
		return strconv.Quote(string(r))
	case bool, json.Number, float64, int64:
		return fmt.Sprint(v)
	case []any, []string:
		return "a list"
	case map[string]any, Record:
		return "a map"
	case time.Time:
		return v.Format(time.RFC3339)
	case nil:
		return "nothing"
	}
	return "an unexpected value"
}

// typeOf is the Type that CEL type t carries.
func typeOf(t *types.Type) Type {
	switch {
	case t == nil:
		return Any
	case t.IsExactType(moneyType):
		return Money
	case t.IsExactType(percentType):
		return Percent
	case t.IsExactType(dateType):
		return Date
	}
	switch t.Kind() {
	case types.BoolKind:
		return Bool
	case types.StringKind:
		return String
	case types.IntKind, types.UintKind:
		return Int
	case types.DoubleKind:
		return Double
	case types.TimestampKind:
		return Timestamp
	case types.DurationKind:
		return Duration
	case types.ListKind:
		if t.Parameters()[0].Kind() == types.StringKind {
			return Strings
		}
	}
	return Any
}

// celType is the CEL type that carries t.
func celType(t Type) *types.Type {
	switch t {
	case Bool:
		return types.BoolType
	case String:
		return types.StringType
	case Int:
		return types.IntType
	case Double:
		return types.DoubleType
	case Money:
		return moneyType
	case Percent:
		return percentType
	case Date:
		return dateType
	case Timestamp:
		return types.TimestampType
	case Duration:
		return types.DurationType
	case Strings:
		return types.NewListType(types.StringType)
	case Any:
	}
	return types.DynType
}
