package ingest_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/server/ingest"
	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
)

// known tells of two contacts and two accounts, as a source.
const known = `{"batch":[
{"type":"group","messageId":"g1","groupId":"acme","userId":"dana","traits":{"name":"Acme"},"timestamp":"2026-11-20T09:00:00Z"},
{"type":"group","messageId":"g2","groupId":"acme-old","traits":{"plan":"gold"},"timestamp":"2026-11-20T09:00:00Z"},
{"type":"identify","messageId":"i1","userId":"dana","traits":{"email":"dana@acme.example"},"timestamp":"2026-11-20T09:00:00Z"},
{"type":"identify","messageId":"i2","userId":"dana.d","context":{"groupId":"acme"},"traits":{"plan":"pro"},"timestamp":"2026-11-20T09:00:00Z"}]}`

const (
	onePerson  = `{"type":"alias","messageId":"a1","previousId":"dana.d","userId":"dana","timestamp":"2026-11-21T09:00:00Z"}`
	oneAccount = `{"type":"alias","messageId":"a2","previousGroupId":"acme-old","groupId":"acme","timestamp":"2026-11-21T09:00:00Z"}`
)

// inFile has the world keep what comes in a database file.
func inFile(t *testing.T) store.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "holdfast.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func TestAnAliasMergesWhereItsSourceMay(t *testing.T) {
	t.Parallel()
	w := newWorldOver(t, inFile(t))
	for _, body := range []string{known, onePerson, oneAccount, onePerson, oneAccount} {
		if status, answer := w.post("crm", "/v1/batch", batchOf(body)); status != 200 || strings.Contains(answer, "dropped") {
			t.Fatalf("%d %s", status, answer)
		}
	}
	late := `{"type":"identify","messageId":"i3","userId":"dana.d","context":{"groupId":"acme-old"},"traits":{"plan":"max"},"timestamp":"2026-11-21T10:00:00Z"}`
	if status, answer := w.post("crm", "/v1/batch", batchOf(late)); status != 200 || strings.Contains(answer, "dropped") {
		t.Fatalf("%d %s", status, answer)
	}
	w.update(func(tx store.Tx) error {
		_, gone := tx.Contact("dana.d")
		_, goneToo := tx.Account("acme-old")
		if !errors.Is(gone, store.ErrNotFound) || !errors.Is(goneToo, store.ErrNotFound) {
			t.Errorf("the old ids are still there: %v, %v", gone, goneToo)
		}
		c, err := tx.Contact("dana")
		a, errAccount := tx.Account("acme")
		if c.Fields["plan"].Value != "max" || c.Fields["email"].Value != "dana@acme.example" || a.Fields["plan"].Value != "gold" {
			t.Errorf("the survivors have %v, %v", c.Fields, a.Fields)
		}
		log, errLog := tx.Audits(store.AuditFilter{})
		if len(log) != 2 || log[0].Who != "token:the crm" || log[0].What != "contact.merge" || log[0].On != "dana" || log[1].What != "account.merge" {
			t.Errorf("the audit log has %+v", log)
		}
		events, errEvents := tx.Events("acme", nil, time.Time{}, time.Time{}, 0)
		if len(events) != 7 {
			t.Errorf("%d messages are kept at the survivor, want 7", len(events))
		}
		return errors.Join(err, errAccount, errEvents, errLog)
	})
	if n := w.counts.Sums()[ingest.Counted{Source: "crm", Outcome: ingest.Repeated}]; n != 2 {
		t.Errorf("%d were repeated, want 2", n)
	}
}

func TestAnAliasMergesNobodyWhereItsSourceMayNot(t *testing.T) {
	t.Parallel()
	w := newWorldOver(t, inFile(t))
	for _, body := range []string{known, onePerson, oneAccount} {
		status, answer := w.post("app", "/v1/batch", batchOf(body))
		if alias := body != known; status != 200 || strings.Contains(answer, `"reason":"alias"`) != alias || strings.Contains(answer, "allow.merges: true") != alias {
			t.Errorf("%d %s", status, answer)
		}
	}
	w.update(func(tx store.Tx) error {
		c, err := tx.Contact("dana.d")
		_, errAccount := tx.Account("acme-old")
		into, errAliases := tx.Aliases(store.OfContact, []string{"dana.d"})
		if c.Fields["plan"].Value != "pro" || len(into) > 0 {
			t.Errorf("the old contact has %v, and became %v", c.Fields, into)
		}
		return errors.Join(err, errAccount, errAliases)
	})
	if n := w.counts.Sums()[ingest.Counted{Source: "app", Outcome: ingest.Alias}]; n != 2 {
		t.Errorf("%d were counted as aliases, want 2", n)
	}
	if status, answer := w.post("crm", "/v1/alias", `{"messageId":"a3","previousGroupId":"acme-old"}`); status != 200 || !strings.Contains(answer, ingest.NoGroup) {
		t.Errorf("an alias without groupId: %d %s", status, answer)
	}
}

// batchOf is body, as a batch if it is one message.
func batchOf(body string) string {
	if strings.HasPrefix(body, `{"batch"`) {
		return body
	}
	return `{"batch":[` + body + `]}`
}
