package cli

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/intake"
	"holdfast/internal/source"
	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
	"holdfast/playbooks"
	"holdfast/rules"
)

// imported runs import with args over an empty directory's intake.
func imported(t *testing.T, in string, args ...string) (out string, st store.Store, err error) {
	t.Helper()
	st, err = sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	docs, _ := source.Parse("rules.yaml", []byte("schema: account\nfields:\n  arr: {type: money}\n  plan: {type: string}\n"))
	set, found := rules.Load(docs)
	if len(found) > 0 {
		t.Fatal(found)
	}
	open := func(context.Context, string, string) (*intake.Intake, func() error, error) {
		return &intake.Intake{
			Store: st, Clock: clock.NewVirtual(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)),
			Rules:     func() *rules.Set { return set },
			Playbooks: func() []*playbooks.Playbook { return nil },
			Log:       slog.New(slog.DiscardHandler),
		}, func() error { return nil }, nil
	}
	var b bytes.Buffer
	c := importCommand(Streams{In: strings.NewReader(in), Out: &b, Err: &b}, open)
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(args)
	err = c.ExecuteContext(t.Context())
	return b.String(), st, err
}

func TestImportNamesTheRowsItRefusesAndTakesTheOthers(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "accounts.csv")
	rows := "id,arr,colour\nacme,5000.50,red\nbolt,much,blue\ncord\ndelta,7,\n"
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	out, st, err := imported(t, "", file, "--as", "accounts", "--at", "2026-05-01")
	if !errors.Is(err, errFindings) {
		t.Errorf("error is %v; want the findings' exit code", err)
	}
	for _, want := range []string{
		file + ":3: ", "arr", "much",
		file + ":4: 1 cells: expected 3 as in the header",
		"4 messages: 2 new, 0 known already, 2 rejected",
		"declared by no schema: colour",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
	err = st.View(t.Context(), func(tx store.Tx) error {
		known, _, err := tx.CountAccounts()
		if known != 2 {
			t.Errorf("%d accounts are known; want 2", known)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestImportReadsStandardInputAndAnswersInJSON(t *testing.T) {
	t.Parallel()
	line := `{"type":"group","messageId":"m1","timestamp":"2026-01-02T00:00:00Z","groupId":"acme","traits":{"plan":"pro"}}` + "\n"
	out, _, err := imported(t, line+line, "-", "--json")
	if err != nil {
		t.Fatal(err)
	}
	want := `{"messages":2,"fresh":1,"repeated":1,"rejected":0,"late":0,"enrolled":0,"exited":0,"goals":0}`
	if strings.TrimSpace(out) != want {
		t.Errorf("got %s\nwant %s", out, want)
	}
}

func TestImportRefusesATableThatDoesNotSayWhatItsRowsAre(t *testing.T) {
	t.Parallel()
	if _, _, err := imported(t, "id,name\n", "-"); err == nil || !strings.Contains(err.Error(), "--as accounts, contacts or events") {
		t.Errorf("got %v; want a hint to --as", err)
	}
	if _, _, err := imported(t, "", "-", "--as", "people"); err == nil || !strings.Contains(err.Error(), "expected accounts, contacts or events") {
		t.Errorf("got %v; want the choices", err)
	}
}
