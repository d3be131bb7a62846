package source

import (
	"fmt"
	"strings"

	"holdfast/internal/diag"
)

// bracket finds what is wrong with the [ or { that the library was reading.
func bracket(f *file, fl failure) (diag.Diagnostic, bool) {
	type open struct {
		off, colons int
		want        byte
	}
	var stack []open
	quote := byte(0)
	for i := fl.seenStart; i < fl.read; i++ {
		c := f.src[i]
		started := i == 0 || strings.IndexByte(" \t\n[{,:", f.src[i-1]) >= 0
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && started:
			quote = c
		case c == '#' && started:
			for i+1 < fl.read && !isBreak(rune(f.src[i+1])) {
				i++
			}
		case c == '[' || c == '{':
			stack = append(stack, open{off: i, want: c + 2}) // ] and } follow their openers by two
		case len(stack) == 0:
		case c == ']' || c == '}':
			top := stack[len(stack)-1]
			if c != top.want {
				return say(f.at(i, 1), fmt.Sprintf("write %c", top.want), "%c cannot close the %c of line %d", c, f.src[top.off], f.at(top.off, 1).Line)
			}
			stack = stack[:len(stack)-1]
		case c == ',':
			stack[len(stack)-1].colons = 0
		case c == ':' && colon.MatchString(f.src[i:min(i+2, len(f.src))]):
			top := &stack[len(stack)-1]
			if top.colons++; top.colons > 1 && f.at(top.off, 1).Line == f.at(i, 1).Line {
				return say(f.at(i, 1), "put a comma between two entries, or the value in quotes", "a second colon in one entry")
			}
		}
	}
	if len(stack) == 0 {
		return none, false
	}
	top := stack[len(stack)-1]
	return say(f.at(top.off, 1), fmt.Sprintf("close it with %c", top.want), "the %c that opens here is not closed", f.src[top.off])
}
