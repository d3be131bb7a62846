package intake_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
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
		{"an odd quote takes no good row with it", "accounts", "id,name\na,5\" pipe\nb,good\nc,7\" pipe\nd,\"one\ntwo\"\ne,\"9 pipe\nf,fine\ng,\"x\" y\n", `
2! column 4: a quote within a cell: write it twice, and the whole cell in quotes
3: content group "" acc=b con= 2026-05-01T09:00 {"name":"good"}
4! column 4: a quote within a cell: write it twice, and the whole cell in quotes
5: content group "" acc=d con= 2026-05-01T09:00 {"name":"one\ntwo"}
7! a quote opens and never closes
8: content group "" acc=f con= 2026-05-01T09:00 {"name":"fine"}
9! column 5: a quote opens a cell and does not close at its end: write it twice, and the whole cell in quotes`},
		{"a row of several lines that is spoilt names them all", "accounts", "id,name\na,\"one\ntwo\",5\nb,\"one\nCaf\xe9\"\nc,good\n", `
2! lines 2 to 3 are one row, as a quote is open between them: 3 cells: expected 2 as in the header
4! lines 4 to 5 are one row, as a quote is open between them: line 5, column 4: the byte 0xe9 is not UTF-8: save the file as UTF-8
6: content group "" acc=c con= 2026-05-01T09:00 {"name":"good"}`},
		{"rows in another character set", "accounts", "id,name\ncaf\xe9,Caf\xe9\ncafé,Café\n\u017ar\xf3d\u0142o,x\nb,good\n", `
2! column 4: the byte 0xe9 is not UTF-8: save the file as UTF-8
3: content group "" acc=café con= 2026-05-01T09:00 {"name":"Café"}
4! column 3: the byte 0xf3 is not UTF-8: save the file as UTF-8
5: content group "" acc=b con= 2026-05-01T09:00 {"name":"good"}`},
		{"JSON in another character set", "", `{"type":"group","messageId":"m1","timestamp":"2026-01-02","groupId":"caf` + "\xe9" + `"}
{"type":"group","messageId":"m2","timestamp":"2026-01-02","groupId":"acme"}`, `
1! column 73: the byte 0xe9 is not UTF-8: save the file as UTF-8
2: m2 group "" acc=acme con= 2026-01-02T00:00 null`},
		{"a header in another character set", "accounts", "id,Stra\xdfe\nacme,x\n", `
error: read the header of f: column 8: the byte 0xdf is not UTF-8: save the file as UTF-8`},
		{"UTF-16 with a byte order mark", "accounts", "\xff\xfei\x00d\x00\n\x00a\x00\n\x00", `
error: f is UTF-16: save the file as UTF-8`},
		{"UTF-16, the other way round", "accounts", "\xfe\xff\x00i\x00d\x00\n\x00a\x00\n", `
error: f is UTF-16: save the file as UTF-8`},
		{"UTF-16 without a byte order mark", "", "{\x00}\x00\n\x00", `
error: f is UTF-16: save the file as UTF-8`},
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

func TestALongLineWithinAnOpenQuoteIsNamed(t *testing.T) {
	t.Parallel()
	got := read(t, strings.NewReader("id,name\na,\"x\nb,good\n"+strings.Repeat("y", 3<<20)+"\nc,good\n"), "accounts")
	want := []string{
		`2! a quote opens and never closes`,
		`3: content group "" acc=b con= 2026-05-01T09:00 {"name":"good"}`,
		`4! longer than 1 MiB`,
		`5: content group "" acc=c con= 2026-05-01T09:00 {"name":"good"}`,
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

// FuzzTable: each line that is not blank is of exactly one row, or is named.
func FuzzTable(f *testing.F) {
	for _, rows := range []string{"a,5\" pipe\nb,good row\nc,7\" pipe\n", "a,\"x\ny\"\n\nb,\"\n", "a,\"x\ny\",z\nb\xe9,\"\n\xe9\"\n\"", "a,\"\"\"\n\"\"\",\n"} {
		f.Add(rows)
	}
	f.Fuzz(func(t *testing.T, rows string) {
		lines := strings.Split("id,name\n"+rows, "\n")
		next := 2 // the first line of which nothing was said
		upTo := func(line int) {
			for ; next < line; next++ {
				if strings.TrimSpace(lines[next-1]) != "" {
					t.Fatalf("line %d is of no row and is not named, in %q", next, rows)
				}
			}
			if next > line {
				t.Fatalf("line %d is told of twice, in %q", line, rows)
			}
		}
		err := intake.ReadFile(t.Context(), strings.NewReader("id,name\n"+rows), intake.FileOptions{Name: "f", As: "accounts", At: fileTime},
			func(r intake.Row) error {
				upTo(r.Line)
				next = r.Line + height(t, lines[r.Line-1:])
				return nil
			},
			func(line int, reason string) {
				upTo(line)
				next = line + 1
				if from, to := 0, 0; strings.HasPrefix(reason, "lines ") {
					if _, err := fmt.Sscanf(reason, "lines %d to %d ", &from, &to); err != nil || from != line || to <= from {
						t.Fatalf("line %d: %s (%v)", line, reason, err)
					}
					next = to + 1
				}
			})
		if err != nil {
			t.Fatal(err)
		}
		upTo(len(lines) + 1)
	})
}

// height is how many of lines the row that they begin with has.
func height(t *testing.T, lines []string) int {
	t.Helper()
	for n := range lines {
		r := csv.NewReader(strings.NewReader(strings.Join(lines[:n+1], "\n")))
		if cells, err := r.Read(); err == nil && len(cells) == 2 && strings.Count(strings.Join(lines[:n+1], ""), `"`)%2 == 0 {
			return n + 1
		}
	}
	t.Fatalf("a row is none: %q", lines[0])
	return 0
}
