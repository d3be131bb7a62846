package postgres

import (
	"strconv"
	"strings"
)

// where is what narrows a query: conditions, and the arguments they number. The
// zero where narrows nothing.
type where struct {
	all  []string
	args []any
}

// narrowed takes columns and the texts they must equal, those that are not empty.
func narrowed(pairs ...string) (w where) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			w.and(pairs[i]+" = ", pairs[i+1])
		}
	}
	return w
}

// and adds a condition, which ends with its argument when it has one.
func (w *where) and(condition string, arg ...any) {
	for _, a := range arg {
		condition += w.arg(a)
	}
	w.all = append(w.all, condition)
}

// among adds that column is one of words, of which there may be none.
func (w *where) among(column string, words []string) {
	if words == nil {
		words = []string{} // NULL would be neither true nor false
	}
	w.all = append(w.all, column+" = ANY ("+w.arg(words)+")")
}

// arg keeps an argument and gives the place that stands for it.
func (w *where) arg(a any) string {
	w.args = append(w.args, a)
	return "$" + strconv.Itoa(len(w.args))
}

// values are the arguments so far. It is a method because Go orders calls, and not
// the reading of a variable beside them.
func (w *where) values() []any { return w.args }

// clause is " WHERE …", or nothing.
func (w *where) clause() string {
	if len(w.all) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.all, " AND ")
}
