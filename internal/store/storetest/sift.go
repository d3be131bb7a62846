package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"holdfast/internal/store"
)

// siftingLosesNobody asks for accounts whose fields are written in every way, and
// misses none that is certain. More may come.
func siftingLosesNobody(t *testing.T, s store.Store) {
	written := []any{
		nil, "", "2026-03-01", "2026-03-02", "2026-02-28T23:59:59Z", "2026-03-01T00:00:00.5Z", " 2026-03-01", "2026-03-01T01:00:00+02:00", "01/03/2026",
		"1772323200000", json.Number("1772323200"), json.Number("12"), json.Number("-0.5"), "12", "1e3", "12%", true, false, "true", "TRUE",
		"o'clock", `\u0000`, "nul\x00", "%s", []any{"a"}, map[string]any{"v": "x"}, "é",
		"2026-02-30", "2026-02-29", "2028-02-29", "2026-13-01", "0000-03-01", "2026-03-01T24:00:00Z", "2026-03-01T09:60:00Z", json.Number("1.5"), json.Number("500.505"), json.Number("99999999999999999"), "٣",
	}
	update(t, s, func(tx store.Tx) error {
		errs := []error{tx.Sifts([]string{"x", "it's"}), tx.PutAccount(store.Account{ID: "bare", Known: true}), tx.PutAccount(store.Account{ID: "stranger", Fields: map[string]store.Field{"x": {Value: "2026-03-01"}}})}
		for i, v := range written {
			id := fmt.Sprintf("a%02d", i)
			errs = append(errs, tx.PutAccount(store.Account{ID: id, Known: true, Fields: map[string]store.Field{"x": {Value: v}, "it's": {Value: "2026-03-01"}}}),
				tx.PutTruth(store.Truth{Playbook: "p", Trigger: "t", Account: id, True: i%2 == 0}))
		}
		return errors.Join(append(errs, tx.Sifts([]string{"x", "it's"}))...)
	})
	first := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	twelve, half := 12.0, -0.5
	at := func(v any) string {
		return fmt.Sprintf("a%02d", slices.IndexFunc(written, func(w any) bool { return same("", w, v) == nil }))
	}
	sieves := []struct {
		name string
		of   store.Sieve
		wish []string
	}{
		{"everybody", store.Sieve{}, []string{"a00", at("é"), "bare"}},
		{"nobody", store.Any(), nil},
		{"a day or before it", store.Sieve{Op: store.SieveDay, Field: "x", Till: first}, []string{at("2026-03-01"), at("2026-02-28T23:59:59Z"), at("2026-03-01T00:00:00.5Z"), at(" 2026-03-01"), at("01/03/2026"), at("1772323200000"), at(json.Number("1772323200"))}},
		{"a day", store.Sieve{Op: store.SieveDay, Field: "x", From: first, Till: first}, []string{at("2026-03-01"), at("2026-03-01T00:00:00.5Z"), at("2026-03-01T01:00:00+02:00"), at(" 2026-03-01")}},
		{"a field of any name", store.Sieve{Op: store.SieveDay, Field: "it's", From: first, Till: first}, []string{"a00", "a05"}},
		{"a number", store.Sieve{Op: store.SieveNumber, Field: "x", Low: &half, High: &twelve}, []string{at(json.Number("12")), at(json.Number("-0.5")), at("12"), at("1e3"), at("12%")}},
		{"at least", store.Sieve{Op: store.SieveNumber, Field: "x", Low: &twelve}, []string{at(json.Number("12")), at("1772323200000"), at("1e3")}},
		{"a day that the calendar or the clock has", store.Sieve{Op: store.SieveDay, Type: store.SieveDays, Field: "x", From: first.AddDate(1, 0, 0)}, []string{at("2028-02-29"), at("2026-02-30"), at("2026-02-29"), at("2026-13-01"), at("0000-03-01"), at("2026-03-01T24:00:00Z"), at("2026-03-01T09:60:00Z")}},
		{"a whole number", store.Sieve{Op: store.SieveNumber, Type: store.SieveWholes, Field: "x", Low: &twelve}, []string{at(json.Number("12")), at(json.Number("1.5")), at("1e3"), at("٣")}},
		{"an amount", store.Sieve{Op: store.SieveNumber, Type: store.SieveAmounts, Field: "x", High: &half}, []string{at(json.Number("-0.5")), at(json.Number("500.505")), at(json.Number("99999999999999999")), at("1e3")}},
		{"a text", store.Sieve{Op: store.SieveText, Field: "x", Texts: []string{"o'clock", "é"}}, []string{at("o'clock"), at("é")}},
		{"another text", store.Sieve{Op: store.SieveNot, Field: "x", Texts: []string{"o'clock"}}, []string{at("é"), at("12"), at(true), at("nul\x00")}},
		{"a truth", store.Sieve{Op: store.SieveText, Type: store.SieveTruths, Field: "x", Texts: []string{"true"}}, []string{at(true), at("true"), at("TRUE")}},
		{"set", store.Sieve{Op: store.SieveSet, Field: "x"}, []string{at("é"), at(json.Number("12")), at("nul\x00")}},
		{"unset", store.Sieve{Op: store.SieveUnset, Type: store.SieveDays, Field: "x"}, []string{"a00", "bare", at("é"), at(""), at("2026-02-30"), at("2026-02-29"), at("0000-03-01"), at("2026-03-01T24:00:00Z")}},
		{"no whole number", store.Sieve{Op: store.SieveUnset, Type: store.SieveWholes, Field: "x"}, []string{"a00", "bare", at(json.Number("1.5")), at(json.Number("-0.5")), at("é")}},
		{"no amount", store.Sieve{Op: store.SieveUnset, Type: store.SieveAmounts, Field: "x"}, []string{"a00", "bare", at(json.Number("99999999999999999")), at("é")}},
		{"nothing for certain", store.Sieve{Op: store.SieveUnset, Type: store.SieveAnything, Field: "x"}, []string{"a00", "bare", at("é"), at(json.Number("12")), at(true)}},
		{"no text", store.Sieve{Op: store.SieveUnset, Field: "x"}, []string{"a00", "bare", at([]any{"a"}), at(map[string]any{"v": "x"})}},
		{"was true", store.All(store.Sieve{Op: store.SieveTrue, Playbook: "p", Trigger: "t"}, store.Sieve{Op: store.SieveSet, Field: "x"}), []string{"a02", "a04"}},
		{"was not", store.Any(store.Sieve{Op: store.SieveUntrue, Playbook: "p", Trigger: "t"}, store.Sieve{Op: store.SieveText, Field: "x", Texts: []string{"é"}}), []string{"a01", "a03", "bare", at("é")}},
	}
	view(t, s, func(tx store.Tx) error {
		var errs []error
		for _, c := range sieves {
			var got []string
			for after, more := "", true; more; {
				some, err := tx.Sift(c.of, after, 5)
				if errs = append(errs, err); err != nil {
					break
				}
				if more = len(some) > 0; more {
					after = some[len(some)-1]
				}
				got = append(got, some...)
			}
			if !slices.IsSorted(got) || slices.Contains(got, "stranger") {
				errs = append(errs, fmt.Errorf("%s: %v", c.name, got))
			}
			for _, id := range c.wish {
				if !slices.Contains(got, id) {
					errs = append(errs, fmt.Errorf("%s: %s is missing in %v", c.name, id, got))
				}
			}
		}
		return errors.Join(errs...)
	})
}
