package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/playbooks"
	"holdfast/rules"
)

// asks are what random conditions are made of: what the database can be asked, and
// what it cannot.
var asks = []string{
	"days_until(account.renewal_date) < 30", "days_until(account.renewal_date) == 7", "days_until(account.renewal_date) >= -3",
	"days_since(account.renewal_date) > 2", "7 <= days_since(account.renewal_date)", "days_until(account.renewal_date) != 1",
	`account.status == "active"`, `account.status != "churned"`, `account.status in ["trial", "churned"]`,
	"account.seats >= 10", "account.seats != 3", "account.arr < 500.50", "account.arr >= 0", "account.changed", "!account.changed",
	"has(account.renewal_date)", "has(account.seats)", `account.renewal_date < date("2026-03-05")`, `account.renewal_date == date("2026-03-02")`,
	"metric.logins < 3", "quiet_days(metric.logins) > 5", `account.name.startsWith("a")`, "account.seats / (account.seats - 3) > 0",
	"true", "false", "subscriptions.exists(s, s.active)",
}

func randomCondition(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(4) == 0 {
		return asks[r.IntN(len(asks))]
	}
	a, b := randomCondition(r, depth-1), randomCondition(r, depth-1)
	switch r.IntN(8) {
	case 0:
		return "!(" + a + ")"
	case 1:
		return "(" + a + " ? " + b + " : " + randomCondition(r, depth-1) + ")"
	case 2, 3:
		return "(" + a + " || " + b + ")"
	}
	return "(" + a + " && " + b + ")"
}

// randomFields are written in the ways that customers do, odd ones among them.
func randomFields(r *rand.Rand) map[string]store.Field {
	pick := func(vs ...any) any { return vs[r.IntN(len(vs))] }
	fields := map[string]store.Field{}
	for name, v := range map[string]any{
		"renewal_date": pick(start.AddDate(0, 0, r.IntN(80)-40).Format(time.DateOnly), start.AddDate(0, 0, r.IntN(8)-4).Format(time.DateOnly), "2026-03-02", "2026-03-01T23:30:00Z", "2026-03-02T01:00:00+03:00", " 2026-03-05 ", "1772323200000", "soon", "", true, nil,
			"2026-02-30", "2026-02-29", "2028-02-29", "2026-03-02T25:00:00Z", "2026-03-02T24:00:00Z", "2026-03-02T23:59:60Z", "2026-13-01", "0000-01-01", "0001-01-01", json.Number("1772323200")),
		"status":   pick("active", "trial", "churned", "ACTIVE", "a\x00b", json.Number("1"), nil, []any{"active"}),
		"arr":      pick(json.Number("500.50"), json.Number("500.51"), json.Number("0"), json.Number("-0.01"), "1e3", json.Number("1e400"), "500", "x", nil, json.Number("500.505"), json.Number("500.495"), json.Number("-0.004"), json.Number("99999999999999999")),
		"seats":    pick(json.Number("3"), json.Number("10"), json.Number("9"), "10", "3.0", json.Number("99999999999999999999"), nil, json.Number("1.5"), json.Number("9.995"), "2026-03-02"),
		"changed":  pick(true, false, "TRUE", "false", "maybe", nil),
		"name":     pick("acme", "bolt", "", nil),
		"timezone": pick("Pacific/Kiritimati", "Etc/GMT+12", "Pacific/Pago_Pago", "Europe/Berlin", nil),
	} {
		if r.IntN(6) > 0 {
			fields[name] = store.Field{Value: v, Message: "m"}
		}
	}
	return fields
}

// retyped are the test's rules with other types for fields of accounts.
func retyped(t *testing.T, types map[string]string) *rules.Set {
	t.Helper()
	before, rest, _ := strings.Cut(testRules, "derive:\n")
	_, after, _ := strings.Cut(rest, "---\n")
	account, others, _ := strings.Cut(before+"---\n"+after, "---\n")
	lines := strings.Split(strings.TrimSpace(account), "\n")
	lines = slices.DeleteFunc(lines, func(l string) bool {
		name, _, _ := strings.Cut(strings.TrimSpace(l), ":")
		return types[name] != ""
	})
	for name, typ := range types {
		lines = append(lines, "  "+name+": {type: "+typ+"}")
	}
	docs, found := source.Parse("rules.yaml", []byte(strings.Join(lines, "\n")+"\n---\n"+others))
	set, more := rules.Load(docs)
	if found = append(found, more...); diag.Failed(found) {
		t.Fatal(found)
	}
	return set
}

// twins are two worlds that are told the same: the database of one sifts, the memory
// of the other does not.
type twins struct {
	sifts, looks *world
	books        []string
}

func newTwins(t *testing.T, server *pgtest.Server, set *rules.Set, books []string) *twins {
	t.Helper()
	pg, err := postgres.Open(t.Context(), server.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	mem := memory.New()
	t.Cleanup(func() {
		if err := errors.Join(pg.Close(), mem.Close()); err != nil {
			t.Error(err)
		}
	})
	w := &twins{newWorld(t), newWorld(t), books}
	w.sifts.Store, w.looks.Store = pg, mem
	for _, one := range w.both() {
		one.Options.Place, one.Options.Treated = placeOf, true
	}
	w.retype(t, set)
	return w
}

func (w *twins) both() []*world { return []*world{w.sifts, w.looks} }

// retype makes set the rules, as a server does whose files have changed.
func (w *twins) retype(t *testing.T, set *rules.Set) {
	t.Helper()
	for _, one := range w.both() {
		old := one.Rules
		one.Rules = func() *rules.Set { return set }
		heads := one.compile(one.versions, w.books...)
		one.Rules = old
		_, err := one.Replace(t.Context(), heads, func() {
			one.Rules, one.Playbooks = func() *rules.Set { return set }, func() []*playbooks.Playbook { return heads }
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (w *twins) update(t *testing.T, fn func(tx store.Tx) error) {
	t.Helper()
	for _, one := range w.both() {
		if err := one.Store.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
}

// scan is one of both, after which both remember the same of accounts.
func (w *twins) scan(t *testing.T, now time.Time, accounts []string, what string) {
	t.Helper()
	for _, one := range w.both() {
		if err := one.Scan(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	looked := remembered(t, w.looks.Store, accounts, len(w.books))
	if diff := cmp.Diff(looked, remembered(t, w.sifts.Store, accounts, len(w.books))); diff != "" {
		t.Fatalf("%s (- looked at each, + sifted) %s\n%s", what, strings.Join(w.books, "\n"), diff)
	}
	if len(looked) == 0 {
		t.Errorf("%s: nothing was written", what)
	}
}

// A scan that has the database sift starts, ends and remembers for random accounts
// under random conditions the same as one that looks at each, whatever becomes of the
// accounts and of their fields' types between two scans.
func TestAScanFindsTheSameWhetherTheDatabaseSiftsOrNot(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	seeds := uint64(8)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // reproducible
		var books []string
		for i := range 6 {
			trigger := fmt.Sprintf("{id: t, when: '(%s) && %s'}", randomCondition(r, 3), asks[r.IntN(6)])
			if r.IntN(3) == 0 {
				trigger = "{any: [" + trigger + "], when: '" + asks[r.IntN(len(asks))] + "'}"
			}
			books = append(books, fmt.Sprintf("playbook: p%d\ntrigger: %s", i, trigger))
		}
		w := newTwins(t, server, retyped(t, nil), books)
		names := make([]string, 150)
		for i := range names {
			names[i] = fmt.Sprintf("acc-%03d", i)
		}
		// tell says who the accounts are: all of them, or the every-th from r on.
		tell := func(every int) {
			accounts := map[int]map[string]store.Field{}
			for i := r.IntN(every); i < len(names); i += every {
				accounts[i] = randomFields(r)
			}
			w.update(t, func(tx store.Tx) error {
				var errs []error
				for i, fields := range accounts {
					errs = append(errs, tx.PutAccount(store.Account{ID: names[i], Known: i%9 > 0, Fields: fields}))
				}
				return errors.Join(errs...)
			})
		}
		tell(1)
		w.update(t, func(tx store.Tx) error {
			var errs []error
			for i, id := range names {
				if i%4 > 0 {
					errs = append(errs, tx.AddToBucket(id, "logins", start.AddDate(0, 0, -i%20).Format(time.DateOnly), 1, float64(i%5)))
				}
			}
			return errors.Join(errs...)
		})
		for n := range 5 {
			now := start.AddDate(0, 0, 4*n).Add(time.Duration(r.IntN(24)) * time.Hour)
			w.scan(t, now, names, fmt.Sprintf("seed %d, scan %d", seed, n))
			pick := func(types ...string) string { return types[r.IntN(len(types))] }
			if n%2 == 0 {
				w.retype(t, retyped(t, map[string]string{"renewal_date": pick("date", "timestamp"), "seats": pick("int", "double", "money"), "arr": pick("money", "double", "int")}))
			} else {
				tell(2)
			}
		}
	}
}

// ofEveryType are conditions on a field of each type.
var ofEveryType = map[string][]string{
	"string":    {`account.x == "12"`, `account.x != "true"`, `account.x in ["2026-03-02", "soon"]`, `account.x == "\\u0000"`, `account.x != "\\ufffd"`},
	"bool":      {"account.x", "!account.x"},
	"int":       {"account.x > 1", "account.x != 12", "account.x < 1.75"},
	"double":    {"account.x > 1", "account.x != 12", "account.x <= 500.505"},
	"money":     {"account.x >= 500.51", "account.x != 12", "account.x < 0", "account.x == 0"},
	"percent":   {"account.x > 1"},
	"date":      {"days_until(account.x) < 30", "days_since(account.x) != 3", `account.x >= date("2026-02-28")`, `account.x == date("2026-03-02")`},
	"timestamp": {"days_until(account.x) < 30", "days_since(account.x) != 3", `account.x >= timestamp("2026-02-28T00:00:00Z")`},
	"strings":   {`"a" in account.x`},
}

// written are the ways in which a value may stand there, whatever was asked for.
var written = []any{
	nil, "", " ", "soon", true, false, "true", "TRUE", " false ", "maybe", []any{"a"}, []any{}, []any{"a", json.Number("1")}, []any{[]any{}}, map[string]any{"v": "a"}, "a; b", `["a"]`,
	json.Number("0"), json.Number("12"), "12", " 12", "+12", "012", "12.", ".5", "12%", "0x10", "1_000", "1,000", "٣", "inf", "NaN", json.Number("-0"), json.Number("1.0"), json.Number("1.5"), json.Number("2"), "1.5",
	json.Number("1e3"), "1e3", json.Number("1e400"), json.Number("1e-400"), json.Number("12.00000000001"), json.Number("0.004"), json.Number("-0.005"),
	json.Number("500.505"), json.Number("500.504"), json.Number("500.51"), "500.505", json.Number("-500.505"), json.Number("9999999999999999"), json.Number("99999999999999999"), json.Number("999999999999999999"), json.Number("9223372036854775808"),
	"2026-03-02", "2026-02-30", "2026-02-29", "2028-02-29", "2000-02-29", "1900-02-29", "2026-03-30", "2026-03-31", "2026-04-31", "2026-03-00", "2026-00-10", "2026-13-01", "0000-03-02", "0001-01-01", "0999-03-02", "9999-12-31",
	" 2026-03-02", "2026-3-2", "02/03/2026", "2026-03-02T09:00:00Z", "2026-03-02T23:59:59.999Z", "2026-03-02T24:00:00Z", "2026-03-02T25:00:00Z", "2026-03-02T10:60:00Z", "2026-03-02T10:00:60Z", "2026-03-02T10:00:00,5Z", "2026-03-02T10:00:00.Z",
	"2026-03-02T10:00:00.12345678901234567890Z", "2026-02-30T10:00:00Z", "2026-03-02T10:00Z", "2026-03-02T10:00:00z", "2026-03-02T01:00:00+03:00", "2026-03-02 10:00:00", "2026-03-02T10:00:00", "2026-03-02\n", "٢٠٢٦-03-02",
	"1772323200000", json.Number("1772323200000"), json.Number("1772323200"), "2026-03-02\x00", "12\x00", `\u0000`, `\ufffd`, "\uFFFD", "72h", "o'clock",
}

// Whatever stands in a field, and whatever its type was and is, a sieve is no narrower
// than the conditions on it.
func TestASieveIsNeverNarrowerThanItsCondition(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	for _, typ := range slices.Sorted(maps.Keys(ofEveryType)) {
		t.Run(typ, func(t *testing.T) {
			t.Parallel()
			var books []string
			for i, c := range append(ofEveryType[typ], "has(account.x)", "!has(account.x)") {
				books = append(books, fmt.Sprintf("playbook: p%d\ntrigger: {id: t, when: '(%s) && days_since(account.renewal_date) < 30'}", i, c))
			}
			books = append(books, strings.Replace(strings.Replace(books[0], "p0", fmt.Sprintf("p%d", len(books)), 1), "when: '", "when: '!", 1))
			w := newTwins(t, server, retyped(t, map[string]string{"x": typ}), books)
			names := make([]string, 3*len(written))
			for i := range names {
				names[i] = fmt.Sprintf("acc-%03d", i)
			}
			r := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // reproducible
			for round := range 3 {
				order := r.Perm(len(names))
				w.update(t, func(tx store.Tx) error {
					var errs []error
					for i, id := range names {
						fields := map[string]store.Field{"renewal_date": {Value: "2026-03-01", Message: "m"}, "x": {Value: written[order[i]%len(written)], Message: "m"}}
						errs = append(errs, tx.PutAccount(store.Account{ID: id, Known: true, Fields: fields}))
					}
					return errors.Join(errs...)
				})
				w.scan(t, start.AddDate(0, 0, round), names, fmt.Sprintf("scan %d", round))
			}
		})
	}
}

func placeOf(account rules.Record) (*time.Location, calendar.Days) {
	zone, _ := account["timezone"].(string)
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	return loc, calendar.Days{}
}

// remembered is what a scan has written.
func remembered(t *testing.T, s store.Store, accounts []string, books int) (all []string) {
	t.Helper()
	err := s.View(context.Background(), func(tx store.Tx) error {
		runs, err := tx.ManyEnrollments(accounts)
		for _, es := range runs {
			for _, e := range es {
				all = append(all, e.ID+" "+e.Status+" "+e.StartedAt.String())
			}
		}
		for i := range books {
			truths, errT := tx.ManyTruths(fmt.Sprintf("p%d", i), "t", accounts)
			err = errors.Join(err, errT)
			for _, v := range truths {
				all = append(all, fmt.Sprintf("%+v", v))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}
