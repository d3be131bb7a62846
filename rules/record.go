package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast"
)

var utc = time.UTC

// typedRecord types each of props that fs declares. bad lists what does not fit.
func typedRecord(fs *fieldSet, props map[string]any) (rec Record, undeclared, bad []string) {
	rec = Record{}
	for name, v := range props {
		var f Field
		declared := false
		if fs != nil {
			f, declared = fs.byName[name]
		}
		switch {
		case !declared:
			undeclared = append(undeclared, name)
		case v != nil:
			t, err := typedField(f, v)
			if err != nil {
				bad = append(bad, fmt.Sprintf("%s: %s", name, err))
				continue
			}
			rec[name] = t
		}
	}
	slices.Sort(undeclared)
	slices.Sort(bad)
	return rec, undeclared, bad
}

// typedField is Typed, and holds a text to its enum. Values that are typed
// already pass.
func typedField(f Field, v any) (any, error) {
	if fits(f.Type, v) {
		return v, enumHolds(f, v)
	}
	if m, ok := v.(holdfast.Money); ok {
		v = json.Number(formatMoney(m))
	}
	t, err := Typed(f.Type, v)
	if err != nil {
		return nil, err
	}
	return t, enumHolds(f, t)
}

// fits reports whether v is a Go value of t already. Money is never taken for
// granted: an int64 is major units.
func fits(t Type, v any) bool {
	switch v.(type) {
	case holdfast.Money:
		return t == Money
	case time.Duration:
		return t == Duration
	}
	return false
}

func enumHolds(f Field, v any) error {
	s, ok := v.(string)
	if !ok || len(f.Enum) == 0 || slices.Contains(f.Enum, s) {
		return nil
	}
	return fmt.Errorf("found %s, expected one of %s", foundWords(s), strings.Join(f.Enum, ", "))
}

// flatten gives nested maps dotted names, beside those they have:
// {churn: {reason: x}} has churn.reason.
func flatten(props map[string]any) map[string]any {
	nested := false
	for _, v := range props {
		if _, ok := v.(map[string]any); ok {
			nested = true
		}
	}
	if !nested {
		return props
	}
	out := make(map[string]any, len(props))
	flattenInto(out, "", props, 0)
	return out
}

// deepest is how many levels of maps have dotted names.
const deepest = 8

func flattenInto(out map[string]any, prefix string, m map[string]any, depth int) {
	for k, v := range m {
		if inner, ok := v.(map[string]any); ok && depth < deepest {
			flattenInto(out, prefix+k+".", inner, depth+1)
			continue
		}
		out[prefix+k] = v
	}
}

// misplaced are the maps of props that stand where fs declares a field, unless fields
// within it are declared as well.
func misplaced(fs *fieldSet, props map[string]any) (bad []string) {
	if fs == nil {
		return nil
	}
	var within func(prefix string, m map[string]any, depth int)
	within = func(prefix string, m map[string]any, depth int) {
		for k, v := range m {
			inner, ok := v.(map[string]any)
			if !ok || depth >= deepest {
				continue
			}
			name := prefix + k
			f, declared := fs.byName[name]
			if declared && f.Type != Any && !fs.has(name+".") {
				bad = append(bad, fmt.Sprintf("%s: found %s, expected %s", name, foundWords(inner), f.Type.words()))
				continue
			}
			within(name+".", inner, depth+1)
		}
	}
	within("", props, 0)
	return bad
}

// has reports whether a field's name begins with prefix.
func (fs *fieldSet) has(prefix string) bool {
	for name := range fs.byName {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// asFloat is the number in a typed or JSON-shaped value; money is in minor units.
func asFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case holdfast.Money:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}
