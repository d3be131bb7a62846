package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/calendar"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
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
		"renewal_date": pick(start.AddDate(0, 0, r.IntN(80)-40).Format(time.DateOnly), start.AddDate(0, 0, r.IntN(8)-4).Format(time.DateOnly), "2026-03-02", "2026-03-01T23:30:00Z", "2026-03-02T01:00:00+03:00", " 2026-03-05 ", "1772323200000", "soon", "", true, nil),
		"status":       pick("active", "trial", "churned", "ACTIVE", "a\x00b", json.Number("1"), nil),
		"arr":          pick(json.Number("500.50"), json.Number("500.51"), json.Number("0"), json.Number("-0.01"), "1e3", json.Number("1e400"), "500", "x", nil),
		"seats":        pick(json.Number("3"), json.Number("10"), json.Number("9"), "10", "3.0", json.Number("99999999999999999999"), nil),
		"changed":      pick(true, false, "TRUE", "false", "maybe", nil),
		"name":         pick("acme", "bolt", "", nil),
		"timezone":     pick("Pacific/Kiritimati", "Etc/GMT+12", "Pacific/Pago_Pago", "Europe/Berlin", nil),
	} {
		if r.IntN(6) > 0 {
			fields[name] = store.Field{Value: v, Message: "m"}
		}
	}
	return fields
}

// A scan that has the database sift starts, ends and remembers for random accounts
// under random conditions the same as one that looks at each.
func TestAScanFindsTheSameWhetherTheDatabaseSiftsOrNot(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	seeds := uint64(6)
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
		pg, err := postgres.Open(t.Context(), server.Database(t))
		if err != nil {
			t.Fatal(err)
		}
		mem := memory.New()
		a, b := newWorld(t, books...), newWorld(t, books...)
		a.Store, b.Store = pg, mem
		for _, w := range []*world{a, b} {
			w.Options.Place, w.Options.Treated = placeOf, true
		}
		names, fields := make([]string, 150), make([]map[string]store.Field, 150)
		for i := range names {
			names[i], fields[i] = fmt.Sprintf("acc-%03d", i), randomFields(r)
		}
		for _, w := range []*world{a, b} {
			err := w.Store.Update(t.Context(), func(tx store.Tx) error {
				var errs []error
				for i, id := range names {
					errs = append(errs, tx.PutAccount(store.Account{ID: id, Known: i%9 > 0, Fields: fields[i]}))
					if i%4 > 0 {
						errs = append(errs, tx.AddToBucket(id, "logins", start.AddDate(0, 0, -i%20).Format(time.DateOnly), 1, float64(i%5)))
					}
				}
				return errors.Join(errs...)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for day := range 3 {
			now := start.AddDate(0, 0, 4*day).Add(time.Duration(r.IntN(24)) * time.Hour)
			for _, w := range []*world{a, b} {
				if err := w.Scan(t.Context(), now); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(remembered(t, b.Store, names), remembered(t, a.Store, names)); diff != "" {
				t.Fatalf("seed %d, scan %d (- looked at each, + sifted) %s\n%s", seed, day, strings.Join(books, "\n"), diff)
			}
		}
		if err := errors.Join(pg.Close(), mem.Close()); err != nil {
			t.Error(err)
		}
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
func remembered(t *testing.T, s store.Store, accounts []string) (all []string) {
	t.Helper()
	err := s.View(context.Background(), func(tx store.Tx) error {
		runs, err := tx.ManyEnrollments(accounts)
		for _, es := range runs {
			for _, e := range es {
				all = append(all, e.ID+" "+e.Status+" "+e.StartedAt.String())
			}
		}
		for i := range 6 {
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
