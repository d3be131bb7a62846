package intake_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/intake"
)

var fileTime = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)

// read returns each row as "line: message" and each bad one as "line! reason".
func read(t *testing.T, r io.Reader, as string) []string {
	t.Helper()
	var got []string
	err := intake.ReadFile(context.Background(), r, intake.FileOptions{Name: "f", As: as, At: fileTime}, func(row intake.Row) error {
		row.ID = strings.Split(row.ID, "-")[0]
		props, err := json.Marshal(row.Props)
		got = append(got, fmt.Sprintf("%d: %s %s %q acc=%s con=%s %s %s", row.Line, row.ID, row.Kind, row.Event, row.Account, row.Contact, row.At.Format("2006-01-02T15:04"), props))
		return err
	}, func(line int, reason string) {
		got = append(got, fmt.Sprintf("%d! %s", line, reason))
	})
	if err != nil {
		got = append(got, "error: "+err.Error())
	}
	return got
}

func TestRowsThatCannotBeReadAreNamedAndTheOthersGoIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, as, in, want string }{
		{"json lines in Segment's shape", "", `{"type":"track","messageId":"m1","timestamp":"2026-01-02T03:04:05Z","userId":"dana","event":"Login","properties":{"n":12345678901234567890},"context":{"groupId":"acme"}}

{"type":"group","messageId":"m2","timestamp":"2026-01-02T03:04:05+02:00","groupId":7,"traits":{"arr":5}}
{"type":"page","messageId":"m3","timestamp":"2026-01-02T03:04:05Z"}
{"type":"track","messageId":"m4","event":"Login"}
{"type":"track","properties":[1]}
{"type":"track"
{"type":"identify","timestamp":"2026-01-02","userId":"dana","traits":{"email":"d@acme.example"}}
{} {}`, `
1: m1 track "Login" acc=acme con=dana 2026-01-02T03:04 {"n":12345678901234567890}
3: m2 group "" acc=7 con= 2026-01-02T01:04 {"arr":5}
4! type "page" is not taken: expected track, group, identify or alias
5! timestamp is missing: expected a time such as 2026-05-01T09:00:00Z
6! properties holds array: expected an object
7! the JSON ends too early
8: content identify "" acc= con=dana 2026-01-02T00:00 {"email":"d@acme.example"}
9! more than one JSON value on the line`},
		{"a table of accounts with a byte order mark", "accounts", "\xef\xbb\xbfaccount_id,name,arr\r\nacme,\"Acme, \"\"Inc\"\"\r\nLtd\",5\r\n\r\nbolt,Bolt\r\nzeta,,7\r\n", `
2: content group "" acc=acme con= 2026-05-01T09:00 {"arr":"5","name":"Acme, \"Inc\"\nLtd"}
5! 2 cells: expected 3 as in the header
6: content group "" acc=zeta con= 2026-05-01T09:00 {"arr":"7"}`},
		{"semicolons, as a spreadsheet in Europe writes", "contacts", "contact;account;email;at\ndana;acme;d@acme.example;2026-02-03\neve;acme;e@acme.example;soon\n", `
2: content identify "" acc=acme con=dana 2026-02-03T00:00 {"email":"d@acme.example"}
3! time "soon": expected a time such as 2026-05-01T09:00:00Z`},
		{"a quote that never closes spoils its own row only", "events", "event,account,note\nLogin,acme,\"open\nLogin,bolt,fine\n", `
2! a quote opens and never closes
3: content track "Login" acc=bolt con= 2026-05-01T09:00 {"note":"fine"}`},
		{"a table without --as", "", "account,name\nacme,Acme\n", `
error: f is a table: say what its rows are with --as accounts, contacts or events`},
		{"a table without its key", "contacts", "email\na@b\n", `
error: f has no column contact or contact_id or id`},
		{"a column twice", "accounts", "id,name,name\n", `
error: f: the column "name" is there twice`},
		{"an empty file", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := read(t, strings.NewReader(c.in), c.as)
			if diff := cmp.Diff(strings.TrimSpace(c.want), strings.Join(got, "\n")); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			fmt.Fprint(z, c.in)
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, read(t, &packed, c.as)); diff != "" {
				t.Errorf("rows of the same, packed (-plain +gzip):\n%s", diff)
			}
		})
	}
}

func TestALineOverAMegabyteIsSkippedWhole(t *testing.T) {
	t.Parallel()
	const good = `{"type":"group","messageId":"m","timestamp":"2026-01-02","groupId":"acme"}`
	in := good + "\n" + `{"x":"` + strings.Repeat("y", 3<<20) + `"}` + "\n" + good
	got := read(t, strings.NewReader(in), "")
	want := []string{
		`1: m group "" acc=acme con= 2026-01-02T00:00 null`,
		`2! longer than 1 MiB`,
		`3: m group "" acc=acme con= 2026-01-02T00:00 null`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestATruncatedGzipIsAnErrorThatSaysWhere(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for i := range 2000 {
		fmt.Fprintf(z, `{"type":"group","messageId":"m%d","timestamp":"2026-01-02","groupId":"acme%d"}`+"\n", i, i*7919)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	got := read(t, bytes.NewReader(packed.Bytes()[:packed.Len()/2]), "")
	last := got[len(got)-1]
	if !strings.HasPrefix(last, "error: read f after line ") || len(got) < 100 {
		t.Errorf("%d rows, the last %q; want rows and then where reading stopped", len(got), last)
	}
}

func TestTheSameRowHasTheSameIDUntilItsTimeChanges(t *testing.T) {
	t.Parallel()
	id := func(cells string, at time.Time) (id string) {
		err := intake.ReadFile(context.Background(), strings.NewReader("id,plan\n"+cells), intake.FileOptions{As: "accounts", At: at}, func(r intake.Row) error {
			id = r.ID
			return nil
		}, func(_ int, why string) { t.Error(why) })
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	a := id("acme,pro\n", fileTime)
	if b := id("acme,pro\n", fileTime); a != b {
		t.Errorf("the same row twice: %s and %s", a, b)
	}
	if b := id("acme,pro\n", fileTime.Add(time.Hour)); a == b {
		t.Error("a later export that says the same again is lost as a repeat")
	}
	if b := id("acme,free\n", fileTime); a == b {
		t.Error("another plan has the same id")
	}
}

func FuzzReadFile(f *testing.F) {
	f.Add([]byte("id,name\nacme,\"x\n\"\n"), "accounts")
	f.Add([]byte(`{"type":"track","event":"x","timestamp":"2026-01-02","properties":{"a":[1]}}`), "")
	f.Add([]byte("\x1f\x8b\x08"), "events")
	f.Fuzz(func(t *testing.T, in []byte, as string) {
		lines := bytes.Count(in, []byte("\n")) + 1
		last, rows := 0, 0
		see := func(line int) {
			if line < last {
				t.Errorf("line %d after line %d", line, last)
			}
			last = line
			rows++
		}
		err := intake.ReadFile(context.Background(), bytes.NewReader(in), intake.FileOptions{Name: "f", As: as, At: fileTime},
			func(r intake.Row) error { see(r.Line); return nil },
			func(line int, _ string) { see(line) })
		if err == nil && rows > lines && !bytes.HasPrefix(in, []byte("\x1f\x8b")) {
			t.Errorf("%d rows of %d lines", rows, lines)
		}
	})
}
