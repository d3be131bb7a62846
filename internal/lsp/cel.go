package lsp

import (
	"strings"
	"unicode/utf8"
)

// token of an expression; offsets are bytes of the file.
type token struct {
	kind       byte // i identifier, s text, n number, or the character itself
	text       string
	start, end int
	open       bool // of a text: it is not closed
}

// tokens reads src[start:end] as CEL, as far as colouring it would: it never
// fails. quoted says that the expression stands in double quotes of YAML, so
// that its own are escaped.
func tokens(src string, start, end int, quoted bool) []token {
	var out []token
	for i := start; i < end; {
		c := src[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '"' || c == '\'' || quoted && c == '\\' && i+1 < end && src[i+1] == '"':
			t := stringToken(src, i, end, quoted)
			out = append(out, t)
			i = t.end
		case isWord(c):
			j := i
			for j < end && (isWord(src[j]) || src[j] >= '0' && src[j] <= '9') {
				j++
			}
			out = append(out, token{kind: 'i', text: src[i:j], start: i, end: j})
			i = j
		case c >= '0' && c <= '9':
			j := i
			for j < end && (isWord(src[j]) || src[j] >= '0' && src[j] <= '9' || src[j] == '.' && j+1 < end && src[j+1] >= '0' && src[j+1] <= '9') {
				j++
			}
			out = append(out, token{kind: 'n', text: src[i:j], start: i, end: j})
			i = j
		default:
			_, size := utf8.DecodeRuneInString(src[i:end])
			size = max(size, 1)
			two := src[i:min(i+2, end)]
			if two == "==" || two == "!=" || two == "<=" || two == ">=" || two == "&&" || two == "||" {
				size = 2
			}
			out = append(out, token{kind: c, text: src[i : i+size], start: i, end: i + size})
			i += size
		}
	}
	return out
}

func isWord(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func stringToken(src string, i, end int, quoted bool) token {
	mark := src[i : i+1]
	if src[i] == '\\' {
		mark = `\"`
	}
	j := i + len(mark)
	for j < end {
		switch {
		case strings.HasPrefix(src[j:end], mark):
			return token{kind: 's', text: src[i+len(mark) : j], start: i, end: j + len(mark)}
		case src[j] == '\\' && !quoted:
			j++
		}
		j++
	}
	return token{kind: 's', text: src[min(i+len(mark), end):end], start: i, end: end, open: true}
}

// chain of names joined by dots that ends at tokens[i], such as account.arr.
// whole is false when something else is before it: items().first.
func chain(ts []token, i int) (path []token, whole bool) {
	path = []token{ts[i]}
	for i >= 2 && ts[i-1].kind == '.' && ts[i-2].kind == 'i' {
		i -= 2
		path = append([]token{ts[i]}, path...)
	}
	return path, i == 0 || ts[i-1].kind != '.'
}

func words(path []token) []string {
	out := make([]string, len(path))
	for i, t := range path {
		out[i] = t.text
	}
	return out
}

// expression is a scalar that holds CEL.
type expression struct {
	src        string
	start, end int
	tokens     []token
}

func expressionAt(t *tree, n *node) expression {
	start, end := n.inner(t.src)
	return expression{t.src, start, end, tokens(t.src, start, end, n.style == '"')}
}

// at is the token that covers or ends at off, or -1.
func (x expression) at(off int) int {
	found := -1
	for i, t := range x.tokens {
		if off >= t.start && off < t.end || off == t.end && t.kind == 'i' {
			found = i
		}
	}
	return found
}

// macros bind a name in the expressions that they take.
var macros = map[string]bool{"all": true, "exists": true, "exists_one": true, "map": true, "filter": true}

// bound is the range of tokens in which a macro binds a name, and what it goes
// over.
type bound struct {
	name     string
	from, to int      // tokens
	over     []string // the path before the macro; nil when it is none
}

func (x expression) bounds() []bound {
	var out []bound
	for i := 0; i+3 < len(x.tokens); i++ {
		ts := x.tokens[i:]
		if ts[0].kind != '.' || !macros[ts[1].text] || ts[2].kind != '(' || ts[3].kind != 'i' {
			continue
		}
		b := bound{name: ts[3].text, from: i + 3, to: len(x.tokens)}
		depth := 0
		for j := i + 2; j < len(x.tokens); j++ {
			switch x.tokens[j].kind {
			case '(', '[', '{':
				depth++
			case ')', ']', '}':
				depth--
			}
			if depth == 0 {
				b.to = j
				break
			}
		}
		b.over = x.root(i - 1)
		out = append(out, b)
	}
	return out
}

// root is the path that a chain of calls which ends at token i begins with.
func (x expression) root(i int) []string {
	for i >= 0 {
		switch x.tokens[i].kind {
		case ')', ']':
			depth := 0
			for ; i >= 0; i-- {
				switch x.tokens[i].kind {
				case ')', ']':
					depth++
				case '(', '[':
					depth--
				}
				if depth == 0 {
					break
				}
			}
			i -= 2 // the bracket and the name before it
			if i >= 0 && x.tokens[i].kind == '.' {
				i--
			}
		case 'i':
			path, whole := chain(x.tokens, i)
			if !whole {
				return nil
			}
			return words(path)
		default:
			return nil
		}
	}
	return nil
}

// binding of a name at token i, the innermost.
func (x expression) binding(name string, i int) (bound, bool) {
	var found bound
	ok := false
	for _, b := range x.bounds() {
		if b.name == name && i >= b.from && i < b.to {
			found, ok = b, true
		}
	}
	return found, ok
}
