package lsp

import (
	"maps"
	"slices"
	"strings"

	"holdfast/rules"
)

// function that expressions may call, as people read it.
type function struct {
	name, signature, summary, example string
	on                                []string // what stands before the dot; nil for a function without
}

// ownFunctions are CEL's, beside ours: the language definition says the same at
// more length.
var ownFunctions = []function{
	{name: "has", signature: "has(account.field) -> bool", summary: "Whether a field is set."},
	{name: "size", signature: "size(list or string) -> int", summary: "How many items, or characters."},
	{name: "int", signature: "int(x) -> int", summary: "As a whole number."},
	{name: "double", signature: "double(x) -> double", summary: "As a number with a fraction."},
	{name: "string", signature: "string(x) -> string", summary: "As text."},
	{name: "timestamp", signature: "timestamp(\"2026-03-01T09:00:00Z\") -> timestamp", summary: "A moment, from its text."},
	{name: "startsWith", signature: "string.startsWith(prefix) -> bool", summary: "Whether the text begins so.", on: []string{"string"}},
	{name: "endsWith", signature: "string.endsWith(suffix) -> bool", summary: "Whether the text ends so.", on: []string{"string"}},
	{name: "contains", signature: "string.contains(part) -> bool", summary: "Whether the text holds another.", on: []string{"string"}},
	{name: "matches", signature: "string.matches(pattern) -> bool", summary: "Whether an RE2 pattern matches.", on: []string{"string"}},
	{name: "size", signature: "x.size() -> int", summary: "How many items, or characters.", on: []string{"string", "list"}},
	{name: "exists", signature: "list.exists(x, condition) -> bool", summary: "Whether the condition holds for any item.", on: []string{"list"}},
	{name: "all", signature: "list.all(x, condition) -> bool", summary: "Whether the condition holds for every item.", on: []string{"list"}},
	{name: "exists_one", signature: "list.exists_one(x, condition) -> bool", summary: "Whether the condition holds for exactly one item.", on: []string{"list"}},
	{name: "filter", signature: "list.filter(x, condition) -> list", summary: "The items for which the condition holds.", on: []string{"list"}},
	{name: "map", signature: "list.map(x, expression) -> list", summary: "The expression for each item.", on: []string{"list"}},
	{name: "getFullYear", signature: "timestamp.getFullYear(\"Europe/Berlin\") -> int", summary: "The year, in a zone.", on: []string{"timestamp"}},
	{name: "getMonth", signature: "timestamp.getMonth(\"Europe/Berlin\") -> int", summary: "The month, 0 for January, in a zone.", on: []string{"timestamp"}},
	{name: "getDayOfWeek", signature: "timestamp.getDayOfWeek(\"Europe/Berlin\") -> int", summary: "The day of the week, 0 for Sunday, in a zone.", on: []string{"timestamp"}},
	{name: "getHours", signature: "timestamp.getHours(\"Europe/Berlin\") -> int", summary: "The hour, in a zone.", on: []string{"timestamp"}},
}

// functions of the language, ours first.
func functions() []function {
	var out []function
	for _, f := range rules.Functions {
		fn := function{name: f.Name, signature: f.Signature, summary: f.Summary, example: f.Example.Expr + " gives " + f.Example.Result}
		if f.Clock {
			fn.summary += " Reads the clock."
		}
		for sig := range strings.SplitSeq(f.Signature, ", ") {
			if on, _, ok := strings.Cut(sig, "."+f.Name+"("); ok {
				fn.on = append(fn.on, on)
			}
		}
		out = append(out, fn)
	}
	return append(out, ownFunctions...)
}

// functionNamed with or without something before its dot.
func functionNamed(name string, method bool) (function, bool) {
	for _, f := range functions() {
		if f.name == name && (f.on != nil) == method {
			return f, true
		}
	}
	return function{}, false
}

// takes reports whether f can stand behind a value of type t.
func (f function) takes(t rules.Type, list bool) bool {
	if list || t == rules.Strings {
		return slices.Contains(f.on, "list")
	}
	return slices.Contains(f.on, string(t))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
