package cli

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
	"holdfast/playbooks"
)

func TestLiftReadsTheGoalsWindowOffTheVersion(t *testing.T) {
	t.Parallel()
	st, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close() //nolint:errcheck // in memory
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	bundle := playbooks.Bundle{Playbook: "nudge", Docs: map[string]string{"playbook": "playbook: nudge\ngoal: {on: Renewed, outcome: renewed, within: 30d}\n"}}
	err = st.Update(t.Context(), func(tx store.Tx) error {
		if err := tx.MetaSet("virtual_now", start.AddDate(0, 0, 40).Format(time.RFC3339Nano)); err != nil {
			return err
		}
		if err := tx.PutVersion(store.Version{Digest: "d", Playbook: "nudge", Bundle: bundle.Encode()}); err != nil {
			return err
		}
		for i := range 80 {
			e := store.Enrollment{
				ID: fmt.Sprint("e", i), Playbook: "nudge", Digest: "d", Account: fmt.Sprint("a", i), EntryKey: "k", Arm: "treated",
				Status: "ended", StartedAt: start,
			}
			if i >= 40 {
				e.Arm = "holdout"
			}
			if i%40 < 20 && e.Arm == "treated" || i%40 < 10 {
				e.GoalAt = start.AddDate(0, 0, 3)
			}
			if i == 79 {
				e.StartedAt = start.AddDate(0, 0, 20) // its window is open
			}
			if _, err := tx.Enroll(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = st.View(t.Context(), func(tx store.Tx) error {
		rows, err := liftOf(tx, "")
		if err != nil {
			return err
		}
		return printLift(Streams{Out: &out}, rows, false)
	})
	want := `playbook  arm      accounts  open  closed  goal met  rate   lift      95 % interval
nudge     treated  40        0     40      20        50.0%  +24.4 pp  +3.0 to +42.8
          holdout  40        1     39      10        25.6%
`
	if err != nil || out.String() != want {
		t.Errorf("%v, got:\n%swant:\n%s", err, out.String(), want)
	}
}
