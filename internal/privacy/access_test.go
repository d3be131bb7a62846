package privacy_test

import (
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/privacy"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
)

func TestAPersonIsShownAllThatIsKeptOfThem(t *testing.T) {
	t.Parallel()
	w := lived(t, memory.New())
	w.take(intake.Live, holdfast.Message{Source: "import", Kind: holdfast.Identify, Account: "acme", Contact: "dana@old.test", Props: map[string]any{"role": "=cmd()"}})
	err := w.intake.Store.Update(t.Context(), func(tx store.Tx) error {
		return w.intake.Emit(tx, holdfast.Message{ID: "o", Source: "system", Kind: holdfast.Track, Event: holdfast.EventOptedOut, Account: "acme", Contact: "dana@old.test", At: w.clock.Now(), Props: map[string]any{"said": "page"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := privacy.Access(t.Context(), w.store, "dana@old.test")
	if err != nil {
		t.Fatal(err)
	}
	if p.Fields["phone"].Value != "+49 171 5550199" || len(p.Messages) != 2 || len(p.Touches) != 3 || len(p.Tasks) != 1 || len(p.Runs) != 1 {
		t.Errorf("fields %v, %d messages, %d touches, %d tasks, %d enrollments", p.Fields, len(p.Messages), len(p.Touches), len(p.Tasks), len(p.Runs))
	}
	if _, shown := p.Fields[store.PlacedBy]; shown {
		t.Error("what placed her is shown as a field")
	}
	if len(p.Consent.Said) != 1 || len(p.Consent.Suppressed) != 1 || p.Consent.Suppressed[0].Kind != "opted_out" || p.Consent.Said[0].Props["said"] != "page" {
		t.Errorf("consent is %+v", p.Consent)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	// Where others' rows name her, the texts that do are shown.
	for _, want := range []string{"parachutes first, then talks", "dana.doelling@ACME.test", "Dana Doelling asked for peace", "Maidenname", `"table":"objects"`, `"former":["dd-crm","dd-visitor"]`, `"table":"parked"`, `"table":"aliases"`, `"table":"audit"`, `"table":"tokens"`, `"table":"meta"`, "Parachute Phone", "Parachutist"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not shown", want)
		}
	}
	if strings.Contains(string(text), "bob@acme.test") {
		t.Error("somebody else's address is shown")
	}
	var out strings.Builder
	if err := p.WriteCSV(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || !slices.ContainsFunc(rows, func(r []string) bool { return r[0] == "field" && r[2] == "role" && r[3] == "'=cmd()" }) {
		t.Errorf("%v\n%s", err, out.String())
	}

	// What was left of somebody who was erased tells nobody who they were.
	r := w.erase("dana@old.test")
	for _, who := range []string{"dana@old.test", r.ID} {
		p, err := privacy.Access(t.Context(), w.store, who)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(p)
		if err != nil || p.Erased == nil || len(p.Touches) != 3 || len(p.Fields) != 0 {
			t.Errorf("%v: %s", err, text)
		}
		gone(t, "the access", string(text))
	}
	if _, err := privacy.Access(t.Context(), w.store, "nobody"); holdfast.CodeOf(err) != holdfast.NotFound {
		t.Error(err)
	}
}
