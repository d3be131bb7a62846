package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"holdfast"
)

// celValue is typed Go value v of type t inside an expression. A value of
// another Go type than t's is a bug of the caller and becomes an error value.
func celValue(t Type, v any) ref.Val {
	switch v := v.(type) {
	case bool:
		if t == Bool || t == Any {
			return types.Bool(v)
		}
	case string:
		if t == String || t == Any {
			return types.String(v)
		}
	case int64:
		if t == Int || t == Any {
			return types.Int(v)
		}
		if t == Double {
			return types.Double(v)
		}
	case float64:
		if t == Double || t == Any {
			return types.Double(v)
		}
		if t == Percent {
			return percentVal(v)
		}
	case holdfast.Money:
		if t == Money || t == Any {
			return moneyVal(v)
		}
	case time.Time:
		if t == Date {
			return dateOf(v)
		}
		if t == Timestamp || t == Any {
			return types.Timestamp{Time: v}
		}
	case time.Duration:
		if t == Duration || t == Any {
			return types.Duration{Duration: v}
		}
	case []string:
		if t == Strings || t == Any {
			return types.NewStringList(types.DefaultTypeAdapter, v)
		}
	}
	if t == Any {
		return adapter{}.NativeToValue(v)
	}
	return types.NewErr("found %s, expected %s", foundWords(v), t.words())
}

// adapter turns JSON-shaped values into CEL's; ours are CEL values already.
type adapter struct{}

// NativeToValue implements types.Adapter.
func (adapter) NativeToValue(v any) ref.Val {
	switch v := v.(type) {
	case ref.Val:
		return v
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return types.Int(i)
		}
		if f, err := v.Float64(); err == nil {
			return types.Double(f)
		}
		return types.NewErr("%s is no number", v)
	case holdfast.Money:
		return moneyVal(v)
	case time.Time:
		return types.Timestamp{Time: v}
	case []any:
		return types.NewDynamicList(adapter{}, v)
	case map[string]any:
		return types.NewStringInterfaceMap(adapter{}, v)
	case Record:
		return types.NewStringInterfaceMap(adapter{}, v)
	}
	return types.DefaultTypeAdapter.NativeToValue(v)
}

// goValue is what v is outside: the Go value of its Type; lists of objects are
// []Record, other lists []any or []string, maps map[string]any.
func goValue(v ref.Val) (any, error) {
	switch v := v.(type) {
	case types.Bool:
		return bool(v), nil
	case types.String:
		return string(v), nil
	case types.Int:
		return int64(v), nil
	case types.Uint:
		return int64(min(v, 1<<63-1)), nil
	case types.Double:
		return float64(v), nil
	case moneyVal:
		return holdfast.Money(v), nil
	case percentVal:
		return float64(v), nil
	case dateVal:
		return v.time(), nil
	case types.Timestamp:
		return v.UTC(), nil
	case types.Duration:
		return v.Duration, nil
	case *objectVal:
		return v.rec, nil
	case types.Null:
		return nil, nil
	case traits.Lister:
		return goList(v)
	case traits.Mapper:
		return goMap(v)
	}
	return nil, fmt.Errorf("an expression gave a value of no type of ours (%s)", v.Type().TypeName())
}

func goList(l traits.Lister) (any, error) {
	n, _ := l.Size().(types.Int)
	items := make([]any, 0, n)
	texts, records := 0, 0
	for it := l.Iterator(); it.HasNext() == types.True; {
		v, err := goValue(it.Next())
		if err != nil {
			return nil, err
		}
		switch v.(type) {
		case string:
			texts++
		case Record:
			records++
		}
		items = append(items, v)
	}
	switch {
	case len(items) > 0 && texts == len(items):
		return collect[string](items), nil
	case len(items) > 0 && records == len(items):
		return collect[Record](items), nil
	}
	return items, nil
}

func collect[T any](items []any) []T {
	out := make([]T, len(items))
	for i, v := range items {
		out[i], _ = v.(T)
	}
	return out
}

func goMap(m traits.Mapper) (any, error) {
	out := map[string]any{}
	for it := m.Iterator(); it.HasNext() == types.True; {
		k := it.Next()
		name, ok := k.(types.String)
		if !ok {
			return nil, fmt.Errorf("a map's keys must be strings")
		}
		v, err := goValue(m.Get(k))
		if err != nil {
			return nil, err
		}
		out[string(name)] = v
	}
	return out, nil
}

// unsetVal is the unknown that an unset field evaluates to.
func unsetVal(name string) *types.Unknown {
	return types.NewUnknown(int64(len(name))<<32|hash(name), types.NewAttributeTrail(name))
}

// hash keeps apart the unknowns of one expression: CEL merges them by id.
func hash(s string) int64 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return int64(h)
}

// unsetNames are the names that made u unknown, sorted.
func unsetNames(u *types.Unknown) []string {
	var names []string
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, t := range trails {
			names = append(names, t.Variable())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
