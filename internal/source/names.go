package source

import "iter"

// Names are the words of a text that could be names in an expression, in order,
// with repeats: letters, digits and _, not beginning with a digit.
func Names(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := 0; i < len(text); {
			if !isWord(text[i]) {
				i++
				continue
			}
			from := i
			for i < len(text) && isWord(text[i]) {
				i++
			}
			for from < i && text[from] >= '0' && text[from] <= '9' {
				from++ // 3d is a number and a unit
			}
			if from < i && !yield(text[from:i]) {
				return
			}
		}
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
