package source

import (
	"slices"
	"strings"
)

// Suggest is the one candidate within edit distance 2 of word, or "" when there
// is none, or more than one equally near.
func Suggest(word string, candidates []string) string {
	best, near := "", 3
	tie := false
	for _, c := range candidates {
		d := distance(strings.ToLower(word), strings.ToLower(c))
		if d >= len([]rune(word)) { // nothing in common
			continue
		}
		switch {
		case d < near:
			best, near, tie = c, d, false
		case d == near && c != best:
			tie = true
		}
	}
	if tie || near > 2 {
		return ""
	}
	return best
}

// hint for a word that is none of known: the likely one, or all of them.
func hint(word string, known []string) string {
	if s := Suggest(word, known); s != "" {
		return `did you mean "` + s + `"?`
	}
	if len(known) == 0 {
		return ""
	}
	return "use one of " + strings.Join(known, ", ")
}

// distance is the number of edits from a to b; two swapped runes are one edit.
// It gives up at 3.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > 2 || len(y)-len(x) > 2 {
		return 3
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(y)], 3)
}

func contains(known []string, word string) bool { return slices.Contains(known, word) }
