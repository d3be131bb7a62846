package rules

import (
	"regexp"
	"slices"
	"strings"
)

// plainName is a name that CEL reads as one word.
var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// celWords are reserved by CEL: none can be a name.
var celWords = map[string]bool{
	"true": true, "false": true, "null": true, "in": true, "as": true, "break": true, "const": true,
	"continue": true, "else": true, "for": true, "function": true, "if": true, "import": true, "let": true,
	"loop": true, "package": true, "namespace": true, "return": true, "var": true, "void": true, "while": true,
}

// Reserved reports whether name can be no step, field or input: no plain name,
// a word of CEL or a root of the language.
func Reserved(name string) bool {
	return !plainName.MatchString(name) || celWords[name] || slices.Contains(roots, name)
}

// celToken reports whether a part of a dotted name is a word that CEL cannot
// read after a dot either.
func celToken(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		switch part {
		case "true", "false", "null", "in":
			return true
		}
	}
	return false
}
