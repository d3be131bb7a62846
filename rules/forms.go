package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/ast"
)

// calledName explains decide.motion(account): rules are asked of the account by
// themselves, and read as a name.
func (c *compiler) calledName(e ast.Expr) bool {
	call := e.AsCall()
	if !call.IsMemberFunction() {
		return false
	}
	parts, ok := path(call.Target())
	if !ok || !slices.Contains([]string{"decide", "score", "segment", "metric"}, parts[0]) || !c.scope.allows(parts[0]) {
		return false
	}
	parts = append(parts, call.FunctionName())
	hint := "write " + join(parts)
	if _, _, p := c.lookup(parts); p != nil {
		hint = p.hint
	}
	c.report(c.extent(e), "unknown-function", hint, "%s is no function: it is asked of the account by itself", join(parts))
	return true
}

// calledMonths explains months(11): a month has no one length.
func (c *compiler) calledMonths(e ast.Expr) bool {
	call := e.AsCall()
	by := map[string]int64{"month": 1, "months": 1, "year": 12, "years": 12}[call.FunctionName()]
	if by == 0 || call.IsMemberFunction() {
		return false
	}
	n := by
	if len(call.Args()) == 1 {
		if given, ok := intLiteral(call.Args()[0]); ok {
			n = given * by
		}
	}
	at := c.extent(e)
	at.end = at.start + len([]rune(call.FunctionName()))
	c.report(at, "unknown-function", "write account.churned_at.add_months("+strconv.FormatInt(n, 10)+"), with your date", "there is no %s(): months have no one length", call.FunctionName())
	return true
}

// percentSign is where a number before at has a % sign, as people write it; ok
// is false when it has none.
func (c *compiler) percentSign(at int) (sign int, number string, ok bool) {
	before := strings.TrimRight(string(c.runes[:min(at, len(c.runes))]), " \t\r\n")
	bare, ok := strings.CutSuffix(before, "%")
	if !ok {
		return 0, "", false
	}
	sign = len([]rune(bare))
	bare = strings.TrimRight(bare, " ")
	i := len(bare)
	for i > 0 && (bare[i-1] >= '0' && bare[i-1] <= '9' || bare[i-1] == '.') {
		i--
	}
	return sign, bare[i:], i < len(bare)
}
