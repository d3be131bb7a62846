package rules

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/google/cel-go/cel"
)

var (
	tokenError = regexp.MustCompile(`^Syntax error: token recognition error at: '((?s).*)'$`)
	inputError = regexp.MustCompile(`^Syntax error: (?:extraneous|mismatched) input '((?s).*?)' expecting`)
	missing    = regexp.MustCompile(`^Syntax error: missing '(.*?)' at`)
	reserved   = regexp.MustCompile(`reserved identifier: (\S+)`)
)

// syntaxError reports the first place at which src is no CEL: what the parser
// says after it mostly follows from it.
func (c *compiler) syntaxError(iss *cel.Issues) {
	errs := iss.Errors()
	slices.SortStableFunc(errs, func(a, b *cel.Error) int { return cmp.Compare(c.offset(a), c.offset(b)) })
	if len(errs) == 0 {
		c.report(place{0, 1}, "bad-expression", "", "the expression cannot be read")
		return
	}
	msg, at := errs[0].Message, c.offset(errs[0])
	if strings.TrimSpace(c.src) == "" {
		c.report(place{0, 1}, "bad-expression", "write a condition such as account.status == \"active\"", "the expression is empty")
		return
	}
	if m := tokenError.FindStringSubmatch(msg); m != nil {
		c.tokenError(at, m[1])
		return
	}
	if m := missing.FindStringSubmatch(msg); m != nil {
		c.report(place{at, at + 1}, "bad-expression", quoted("add %q", m[1]), "missing %q", m[1])
		return
	}
	if m := inputError.FindStringSubmatch(msg); m != nil || strings.Contains(msg, "no viable alternative") {
		c.inputError(at)
		return
	}
	if m := reserved.FindStringSubmatch(msg); m != nil {
		hint := "choose another name"
		if m[1] == "if" {
			hint = "write condition ? one : other"
		}
		c.report(place{at, c.wordEnd(at)}, "bad-expression", hint, "%q is a reserved word", m[1])
		return
	}
	switch {
	case strings.Contains(msg, "has() macro"):
		c.report(place{at, at + 1}, "bad-expression", "write has(account.renewal_date)", "has() takes a field")
	case strings.Contains(msg, "not an identifier"), strings.Contains(msg, "must be a simple name"):
		c.report(place{at, at + 1}, "bad-expression", "write .exists(x, x.active)", "the first argument names each item: it must be a plain name")
	case strings.Contains(msg, "recursion limit"), strings.Contains(msg, "recursion depth"):
		c.report(place{at, at + 1}, "bad-expression", "split it into a segment or a decision", "the expression is nested too deeply")
	case strings.Contains(msg, "invalid int literal"), strings.Contains(msg, "invalid uint literal"), strings.Contains(msg, "invalid double literal"):
		c.report(place{at, c.wordEnd(at)}, "bad-expression", "", "the number is too large")
	default:
		c.report(place{at, at + 1}, "bad-expression", "", "%s", cleaned(msg))
	}
}

// tokenError explains characters that CEL does not know.
func (c *compiler) tokenError(at int, found string) {
	first := []rune(found + " ")[0]
	switch first {
	case '=':
		c.report(place{at, at + 1}, "bad-expression", "write == to compare", "a single = means nothing here")
	case '&', '|':
		c.report(place{at, at + 1}, "bad-expression", quoted("write %c%c", first, first), "a single %c means nothing here", first)
	case '"', '\'':
		if strings.Contains(found, `\`) {
			c.report(place{at, c.lineEnd(at)}, "bad-expression", `write \\ for a backslash`, "a text has a backslash that means nothing")
			return
		}
		c.report(place{at, c.lineEnd(at)}, "bad-expression", "add the closing quote", "a text is not closed")
	case '“', '”', '‘', '’', '„':
		c.report(place{at, at + 1}, "bad-expression", `write "`, "%c is no quote that a program knows", first)
	default:
		c.report(place{at, at + 1}, "bad-expression", "remove it", "%q means nothing here", string(first))
	}
}

// inputError explains a word or sign where another was expected.
func (c *compiler) inputError(at int) {
	if sign, number, ok := c.percentSign(at); ok {
		c.report(place{sign, sign + 1}, "bad-expression", "write percent("+number+")", "a percent sign is the remainder of a division here")
		return
	}
	if at >= len(c.runes) {
		c.report(place{at, at + 1}, "bad-expression", "", "the expression ends too early")
		return
	}
	end := c.wordEnd(at)
	if end == at {
		end++
	}
	word := string(c.runes[at:end])
	hint := ""
	if word == "," && at > 0 && unicode.IsDigit(c.runes[at-1]) {
		hint = "write a number without separators, such as 50000"
	}
	if strings.HasSuffix(strings.ToLower(strings.TrimSpace(string(c.runes[:at]))), "not") {
		hint = "write ! for not"
	}
	switch strings.ToLower(word) {
	case "and":
		hint = "write &&"
	case "or":
		hint = "write ||"
	case "not":
		hint = "write !"
	case "is", "equals":
		hint = "write =="
	}
	c.report(place{at, end}, "bad-expression", hint, "unexpected %q", word)
}

func (c *compiler) lineEnd(i int) int {
	for i < len(c.runes) && c.runes[i] != '\n' {
		i++
	}
	return i
}
