package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The rows of testdata hold each verdict, a line of several sizes, and one of none.
func TestThePageSaysWhatTheRowsSay(t *testing.T) {
	t.Parallel()
	into := filepath.Join(t.TempDir(), "explain")
	if err := run(filepath.Join("testdata", "rows.jsonl"), into, []string{"commit 1234567", "go1.26", "linux/amd64", "2 cores"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"performance.md", "performance.svg", "performance.jsonl"} {
		got, err := os.ReadFile(filepath.Join(into, name))
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name)
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(golden, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got); UPDATE=1 rewrites it:\n%s", name, diff)
		}
	}
}

func TestAVerdictIsThatOfTheWholeInterval(t *testing.T) {
	t.Parallel()
	most, least := line{limit: 1.2, goal: 0.7}, line{limit: 0.3, goal: 0.5, speed: true}
	for _, c := range []struct {
		of        line
		low, high float64
		pairs     int
		want      string
	}{
		{most, 0.8, 1.2, 10, "met"},
		{most, 0.8, 1.21, 10, "undecided"},
		{most, 1.21, 1.3, 10, "**missed**"},
		{most, 0.5, 0.7, 10, "met, and the goal"},
		{most, 1.21, 1.3, 5, "too few pairs to say"},
		{least, 0.3, 0.6, 6, "met"},
		{least, 0.2, 0.3, 6, "undecided"},
		{least, 0.2, 0.29, 6, "**missed**"},
		{least, 0.5, 0.6, 6, "met, and the goal"},
		{line{}, 5, 6, 10, ""},
	} {
		if got := c.of.verdict(c.low, c.high, c.pairs); got != c.want {
			t.Errorf("%+v, %g to %g of %d pairs: %q, want %q", c.of, c.low, c.high, c.pairs, got, c.want)
		}
	}
}

func TestTheFigureIsXMLWithoutAnyRows(t *testing.T) {
	t.Parallel()
	d := xml.NewDecoder(strings.NewReader(picture(nil)))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestARowThatNobodyKnowsIsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"name":"speed","size":1,"ours":[1],"theirs":[1]}`: `rows.jsonl:1: the page knows no row "speed"`,
		`{"name":"scan","size":1,"ours":[1]}`:               "rows.jsonl:1: row scan of 1 has no pairs",
		`{"name":`:                                          "rows.jsonl:1: unexpected end",
		`{"with":"PostgreSQL","note":"15"}`:                 "rows.jsonl: it has no rows",
	} {
		file := filepath.Join(t.TempDir(), "rows.jsonl")
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := read(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
