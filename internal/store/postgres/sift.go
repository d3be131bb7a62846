package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"holdfast/internal/store"
)

// What stands in accounts.fields, as SQL. \u0000 is taken out first: PostgreSQL does
// not read JSON that has it anywhere.
const fieldsJSON = `replace(fields, '\u0000', '\ufffd')::json`

func textOf(field string) string { return "(" + fieldsJSON + " -> " + literal(field) + ` ->> 'v')` }

// How values are written where a sieve can vouch for what rules.Typed makes of them;
// each is a part of what that takes. Digits are listed: what else is one hangs on the
// database's locale.
const (
	plainDay = `'^(` + year + `-` + monthDay + `|` + leapDay + `)($|T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z$)'`
	year     = `([1-9][0-9]{3}|0001)` // 0001-01-01 is what many write for no day
	monthDay = `((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)`
	leapDay  = `[1-9][0-9](0[48]|[2468][048]|[13579][26])-02-29` // not of 1600 or 2000

	plainNumber = `'^-?[0-9]{1,18}(\.[0-9]{1,18})?$'`
	plainWhole  = `'^-?[0-9]{1,18}$'`
	plainAmount = `'^-?[0-9]{1,16}(\.[0-9]{1,2})?$'` // what has more places is rounded, what has more digits refused
)

// dayOf is the field's day, "" when it is set and written otherwise, NULL when unset.
func dayOf(field string) string { return dayIn(textOf(field)) }

func dayIn(v string) string {
	return "(CASE WHEN " + v + " ~ " + plainDay + " THEN left(" + v + ", 10) WHEN " + v + ` IS NOT NULL THEN '' END COLLATE "C")`
}

func literal(s string) string { return "'" + strings.ReplaceAll(plain(s), "'", "''") + "'" }

// Sift asks for each of several alternatives by itself, so that each can use the
// index that helps it. It is planned anew each time: a plan for whatever days
// somebody may ask for reads every account.
func (t *tx) Sift(s store.Sieve, after string, limit int) ([]string, error) {
	if err := t.send(); err != nil {
		return nil, err
	}
	branches := []store.Sieve{s}
	if s.Op == store.SieveAny {
		branches = s.Kids
	}
	if len(branches) == 0 {
		return nil, t.ready()
	}
	var w where
	from := w.arg(after)
	var parts []string
	for _, b := range branches {
		for _, part := range w.branch(b) {
			parts = append(parts, part.query(w.from(b)+" WHERE known AND id > "+from))
		}
	}
	limits := w.arg(limited(limit))
	return all(t, "sift accounts", value[string], "SELECT id FROM ("+strings.Join(parts, " UNION ")+") AS found ORDER BY id LIMIT "+limits,
		append([]any{pgx.QueryExecModeDescribeExec}, w.values()...)...)
}

// part is one question: found is what an index answers, "" for nothing, and rest is
// asked of the rows that it finds, of which the JSON is read once and each of fields
// once.
type part struct {
	*where
	fields      []string
	found, rest string
}

func (p *part) query(rows string) string {
	if p.found != "" {
		rows += " AND " + p.found
	}
	if len(p.fields) == 0 {
		return "SELECT id FROM (SELECT id FROM " + rows + ") AS accounts WHERE " + p.rest
	}
	values := make([]string, len(p.fields))
	for i, f := range p.fields {
		values[i] = "j -> " + literal(f) + " ->> 'v' AS " + nth(i)
	}
	// OFFSET 0 keeps PostgreSQL from working each out again wherever it is named.
	return "SELECT id FROM (SELECT id, " + strings.Join(values, ", ") + " FROM (SELECT id, " + fieldsJSON + " AS j FROM " + rows + " OFFSET 0) AS read OFFSET 0) AS accounts WHERE " + p.rest
}

func nth(i int) string { return "v" + strconv.Itoa(i) }

// value is what stands in a field, as text.
func (p *part) value(field string) string {
	i := slices.Index(p.fields, field)
	if i < 0 {
		i = len(p.fields)
		p.fields = append(p.fields, field)
	}
	return nth(i)
}

// branch is b as one question, or as two, when it asks for the days of a field: those
// whose field says a day of them, and those whose field says none. An index answers
// each.
func (w *where) branch(b store.Sieve) []*part {
	kids := []store.Sieve{b}
	if b.Op == store.SieveAll {
		kids = within(b.Kids)
	}
	p := &part{where: w}
	i := slices.IndexFunc(kids, func(k store.Sieve) bool { return k.Op == store.SieveDay && (!k.From.IsZero() || !k.Till.IsZero()) })
	if i < 0 {
		p.rest = p.sieve(store.Sieve{Op: store.SieveAll, Kids: kids})
		return []*part{p}
	}
	day := kids[i]
	p.rest = p.sieve(store.Sieve{Op: store.SieveAll, Kids: slices.Delete(slices.Clone(kids), i, i+1)})
	if day.From.IsZero() {
		p.found = w.day(day, dayOf(day.Field))
		return []*part{p}
	}
	none := *p
	p.found, none.found = w.days(day, dayOf(day.Field)), dayOf(day.Field)+" = ''"
	return []*part{p, &none}
}

// within has one demand for the days of a field where there were several.
func within(kids []store.Sieve) (out []store.Sieve) {
	for _, k := range kids {
		i := slices.IndexFunc(out, func(o store.Sieve) bool { return o.Op == store.SieveDay && k.Op == o.Op && k.Field == o.Field })
		if i < 0 {
			out = append(out, k)
			continue
		}
		if k.From.After(out[i].From) {
			out[i].From = k.From
		}
		if out[i].Till.IsZero() || !k.Till.IsZero() && k.Till.Before(out[i].Till) {
			out[i].Till = k.Till
		}
	}
	return out
}

// from is the accounts to ask b of. Those whose truth is asked for are few: they are
// found first, and only then is their JSON read, which the planner takes to be cheap.
func (w *where) from(b store.Sieve) string {
	for _, k := range append([]store.Sieve{b}, b.Kids...) {
		if k.Op == store.SieveTrue && (b.Op == store.SieveAll || b.Op == k.Op) {
			return "(SELECT accounts.* FROM truths JOIN accounts ON id = account WHERE playbook = " + w.arg(k.Playbook) + " AND trigger = " + w.arg(k.Trigger) + " AND truth OFFSET 0) AS accounts"
		}
	}
	return "accounts"
}

// sieve is s as a condition on a row of accounts.
func (p *part) sieve(s store.Sieve) string {
	v := ""
	if s.Field != "" {
		v = p.value(s.Field)
	}
	switch s.Op {
	case store.SieveAll, store.SieveAny:
		return p.joined(s)
	case store.SieveDay:
		return p.day(s, dayIn(v))
	case store.SieveNumber:
		return p.number(s, v)
	case store.SieveText:
		return p.text(s, v, " = ANY (")
	case store.SieveNot:
		return p.text(s, v, " <> ALL (")
	case store.SieveSet:
		return v + " IS NOT NULL"
	case store.SieveUnset:
		if s.Type == store.SieveAnything {
			return "true"
		}
		return "(" + v + " IS NULL OR " + v + " !~ " + usual(s.Type) + ")"
	case store.SieveTrue, store.SieveUntrue:
		there := "EXISTS (SELECT 1 FROM truths WHERE playbook = " + p.arg(s.Playbook) + " AND trigger = " + p.arg(s.Trigger) + " AND account = accounts.id AND truth)"
		if s.Op == store.SieveUntrue {
			return "NOT " + there
		}
		return there
	}
	return "true"
}

// usual is how a value of a type is written, where its type is not in doubt.
func usual(t store.SieveType) string {
	switch t {
	case store.SieveDays:
		return plainDay
	case store.SieveNumbers:
		return plainNumber
	case store.SieveWholes:
		return plainWhole
	case store.SieveAmounts:
		return plainAmount
	case store.SieveTruths:
		return "'^(true|false)$'"
	case store.SieveTexts, store.SieveAnything:
	}
	return `'^[^\[{]'` // a list or a map is no text
}

func (p *part) joined(s store.Sieve) string {
	if len(s.Kids) == 0 {
		return map[store.SieveOp]string{store.SieveAll: "true", store.SieveAny: "false"}[s.Op]
	}
	word := " AND "
	if s.Op == store.SieveAny {
		word = " OR "
	}
	parts := make([]string, len(s.Kids))
	for i, k := range s.Kids {
		parts[i] = p.sieve(k)
	}
	return "(" + strings.Join(parts, word) + ")"
}

// day is whether the field's day d is one of s, or not written as a day.
func (w *where) day(s store.Sieve, d string) string {
	switch {
	case s.From.IsZero() && s.Till.IsZero():
		return d + " IS NOT NULL"
	case s.From.IsZero():
		return w.days(s, d) // "" comes before every day
	}
	return "(" + w.days(s, d) + " OR " + d + " = '')"
}

// days is whether d is one of s, which has an end.
func (w *where) days(s store.Sieve, d string) string {
	var ends []string
	if !s.From.IsZero() {
		ends = append(ends, d+" >= "+w.arg(s.From.UTC().Format("2006-01-02")))
	}
	if !s.Till.IsZero() {
		ends = append(ends, d+" <= "+w.arg(s.Till.UTC().Format("2006-01-02")))
	}
	return strings.Join(ends, " AND ")
}

func (p *part) number(s store.Sieve, v string) string {
	written := plainNumber
	if s.Type == store.SieveWholes || s.Type == store.SieveAmounts {
		written = usual(s.Type)
	}
	n := "CASE WHEN " + v + " ~ " + written + " THEN " + v + "::double precision END"
	var ends []string
	if s.Low != nil {
		ends = append(ends, n+" >= "+p.arg(*s.Low))
	}
	if s.High != nil {
		ends = append(ends, n+" <= "+p.arg(*s.High))
	}
	if len(ends) == 0 {
		return v + " IS NOT NULL"
	}
	return "(" + strings.Join(ends, " AND ") + " OR " + v + " !~ " + written + ")"
}

func (p *part) text(s store.Sieve, v, among string) string {
	texts := make([]string, len(s.Texts))
	copy(texts, s.Texts)
	cond := v + among + p.arg(texts) + ")"
	if s.Type == store.SieveTruths {
		cond = "(" + cond + " OR " + v + " !~ " + usual(s.Type) + ")"
	}
	return cond
}

// Sifts makes an index for each field, of its days. Its name is the expression's, so
// that another way of writing days is another index.
func (t *tx) Sifts(fields []string) error {
	if len(fields) == 0 {
		return nil
	}
	for _, f := range fields {
		d := dayOf(f)
		sum := sha256.Sum256([]byte(d))
		if err := t.put("index days of "+f, "CREATE INDEX IF NOT EXISTS accounts_day_"+hex.EncodeToString(sum[:8])+" ON accounts ("+d+", id) WHERE known"); err != nil {
			return err
		}
	}
	return t.put("look at the accounts' days", "ANALYZE accounts") // or their indexes are not used
}

func (t *tx) CanSift() bool { return true }
