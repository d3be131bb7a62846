package mail

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/osteele/liquid/parser"
)

// unit is a template made ready for the library: the same lines, with our
// filters on every {{ }} and our budget in every loop.
type unit struct {
	src   string
	sites []site
	vars  []string
	loops []string // names of the open loops' items, outermost first
}

// offeredTags are the tags a template may use, their clauses and ends included.
var offeredTags = []string{
	"if", "elsif", "else", "endif", "unless", "endunless", "case", "when", "endcase",
	"for", "endfor", "break", "continue", "cycle", "assign", "comment", "endcomment", "raw", "endraw",
}

// path is a variable, alone.
var path1 = regexp.MustCompile(`^[A-Za-z_][\w-]*\??(\.[A-Za-z_][\w-]*\??|\[[^\]]*\])*$`)

// rewrite checks src and makes it ready. Lines stay where they are.
func rewrite(src, file string, line int) (unit, error) {
	var (
		u      unit
		b      strings.Builder
		locals = []string{"forloop"}
		until  string // inside comment or raw: the tag that ends it
	)
	fail := func(line int, format string, args ...any) (unit, error) {
		return unit{}, mistake(file, line, fmt.Sprintf(format, args...))
	}
	for _, tok := range parser.Scan(src, parser.SourceLoc{Pathname: file, LineNo: line}, nil) {
		at := tok.SourceLoc.LineNo
		switch {
		case until != "":
			b.WriteString(tok.Source)
			if tok.Type == parser.TagTokenType && tok.Name == until {
				until = ""
			}
		case tok.Type == parser.TextTokenType:
			for _, open := range []string{"{{", "{%"} {
				if before, _, found := strings.Cut(tok.Source, open); found {
					return fail(at+strings.Count(before, "\n"), "%s is never closed on its line", open)
				}
			}
			b.WriteString(tok.Source)
		case tok.Type == parser.ObjTokenType:
			x, err := u.expression(tok.Args, at, locals)
			if err != nil {
				return fail(at, "%v", err)
			}
			u.sites = append(u.sites, site{at, tok.Args})
			left, right := trims(tok.Source)
			fmt.Fprintf(&b, "{{%s (%s) | %s: %d %s}}", left, x, filterOut, len(u.sites)-1, right)
		case tok.Type == parser.TagTokenType:
			if !slices.Contains(offeredTags, tok.Name) {
				return fail(at, "no tag %q here: %s", tok.Name, strings.Join(offeredTags, ", "))
			}
			args, err := u.tag(tok.Name, tok.Args, at, &locals)
			if err != nil {
				return fail(at, "%v", err)
			}
			switch left, right := trims(tok.Source); tok.Name {
			case "raw", "comment":
				until = "end" + tok.Name
				b.WriteString(tok.Source)
			case "for":
				fmt.Fprintf(&b, "{%%%s for %s %s%%}{%% %s %%}", left, args, right, tagTick)
			default:
				fmt.Fprintf(&b, "{%%%s %s %s %s%%}", left, tok.Name, args, right)
			}
		}
	}
	u.src = b.String()
	return u, nil
}

// variables of src that come from data: sorted by nothing, with repeats.
func variables(src, file string, line int) ([]string, error) {
	if vars, ok := plainly(src); ok {
		return vars, nil
	}
	u, err := rewrite(src, file, line)
	if err != nil {
		return nil, err
	}
	if _, err := compile(u, text{src: src, file: file, line: line}); err != nil {
		return nil, err
	}
	return u.vars, nil
}

// shows is a variable that is shown as it is.
var shows = regexp.MustCompile(`\{\{-?[ \t]*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)[ \t]*-?\}\}`)

// plainly are the variables of a text that only shows some, which is most: it
// needs no parser. ok is false when there is more in it.
func plainly(src string) (vars []string, ok bool) {
	last := 0
	for _, m := range shows.FindAllStringSubmatchIndex(src, -1) {
		name := src[m[2]:m[3]]
		if root, _, _ := strings.Cut(name, "."); slices.Contains(words, root) || root == "forloop" || strings.ContainsAny(src[last:m[0]], "{}") {
			return nil, false
		}
		vars, last = append(vars, name), m[1]
	}
	return vars, !strings.ContainsAny(src[last:], "{}")
}

func trims(source string) (left, right string) {
	if source[2] == '-' {
		left = "-"
	}
	if source[len(source)-3] == '-' {
		right = "-"
	}
	return left, right
}

func (u *unit) tag(name, args string, line int, locals *[]string) (string, error) {
	switch name {
	case "assign":
		to, x, ok := strings.Cut(args, "=")
		if !ok {
			return "", fmt.Errorf("assign wants a name, =, and a value")
		}
		rewritten, err := u.assigned(x, line, *locals)
		*locals = append(*locals, strings.TrimSpace(to))
		return to + "= " + rewritten, err
	case "for":
		as, over, ok := strings.Cut(args, " in ")
		if !ok {
			return "", fmt.Errorf("for wants a name, in, and a list")
		}
		u.loops = append(u.loops, strings.TrimSpace(as))
		*locals = append(*locals, strings.TrimSpace(as))
		return args, u.use(over, *locals)
	case "endfor":
		if n := len(u.loops) - 1; n >= 0 { // the item is gone with its loop
			for i := range slices.Backward(*locals) {
				if (*locals)[i] == u.loops[n] {
					*locals = slices.Delete(*locals, i, i+1)
					break
				}
			}
			u.loops = u.loops[:n]
		}
		return args, nil
	case "cycle", "comment", "raw":
		return args, nil
	}
	return args, u.use(args, *locals)
}

// assigned is the right-hand side of an assign. Alone, a variable may be unset:
// printing it is what needs a value.
func (u *unit) assigned(x string, line int, locals []string) (string, error) {
	if _, _, filtered := cutFilter(x); !filtered {
		return x, u.use(x, locals)
	}
	return u.expression(x, line, locals)
}

// expression makes x refuse a missing variable before its first filter, unless
// that is default.
func (u *unit) expression(x string, line int, locals []string) (string, error) {
	if err := u.use(x, locals); err != nil {
		return "", err
	}
	head, rest, filtered := cutFilter(x)
	head = strings.TrimSpace(head)
	if !path1.MatchString(head) || head == "true" || head == "false" || head == "nil" {
		return x, nil
	}
	if filtered && strings.HasPrefix(strings.TrimSpace(rest), "default") {
		return x, nil
	}
	u.sites = append(u.sites, site{line, head})
	x = fmt.Sprintf("%s | %s: %d", head, filterNeed, len(u.sites)-1)
	if filtered {
		x += " |" + rest
	}
	return x, nil
}

// cutFilter splits at the first | outside of quotes.
func cutFilter(x string) (head, rest string, found bool) {
	var quote rune
	for i, c := range x {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '|':
			return x[:i], x[i+1:], true
		}
	}
	return x, "", false
}

// lexeme is a string, a | with its filter, a keyword argument, or a path.
var lexeme = regexp.MustCompile(`"[^"]*"|'[^']*'|\|\s*([A-Za-z_]\w*)|[A-Za-z_][\w-]*:|\.\.|[A-Za-z_][\w-]*\??(?:\.[A-Za-z_][\w-]*\??)*|.`)

var words = []string{"and", "or", "in", "contains", "true", "false", "nil", "reversed"}

// use notes the variables of an expression and refuses unknown filters, which
// the library would only find when it renders.
func (u *unit) use(x string, locals []string) error {
	for _, m := range lexeme.FindAllStringSubmatch(x, -1) {
		switch s := m[0]; {
		case m[1] != "":
			if !slices.Contains(Filters(), m[1]) {
				return fmt.Errorf("no filter %q: %s", m[1], strings.Join(Filters(), ", "))
			}
		case !path1.MatchString(s) || slices.Contains(words, s):
		default:
			if root, _, _ := strings.Cut(s, "."); !slices.Contains(locals, root) {
				u.vars = append(u.vars, s)
			}
		}
	}
	return nil
}
