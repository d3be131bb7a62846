package backtest

import (
	"bytes"
	"encoding/csv"
	"slices"
	"testing"
)

func TestACellOfACustomerIsNoFormula(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		`=HYPERLINK("https://evil.example")`: `'=HYPERLINK("https://evil.example")`, "+1": "'+1", "-2+3": "'-2+3", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1",
		`Acme, "GmbH"` + "\nSöhne": `Acme, "GmbH"` + "\nSöhne", "a=b": "a=b", "": "",
	} {
		var out bytes.Buffer
		if err := (&Report{Entries: []Entry{{Account: name, Why: name}}}).CSV(&out); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("%q: %q, %v", name, rows, err)
		}
		if got := rows[1]; got[0] != want || !slices.Contains(got[1:], want) {
			t.Errorf("%q: got %q", name, got)
		}
	}
}
