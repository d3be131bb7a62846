package main_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"holdfast/internal/clock"
	"holdfast/internal/temporal"
)

// scriptCommands are what scripts can do besides running holdfast.
var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	"gzip":       compress,
	"patch":      patch,
	"hold":       hold,
	"appears":    appears,
	"eventually": eventually,
	"shows":      shows,
	"listen":     listen,
	"capture":    capture,
	"jsonlines":  jsonLines,
	"standin":    standIn,
}

// compress writes FILE.gz beside each FILE.
func compress(ts *testscript.TestScript, _ bool, files []string) {
	for _, file := range files {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, err := z.Write([]byte(ts.ReadFile(file)))
		ts.Check(err)
		ts.Check(z.Close())
		ts.Check(os.WriteFile(ts.MkAbs(file+".gz"), out.Bytes(), 0o600))
	}
}

// patch writes the bytes HEX into FILE at OFFSET.
func patch(ts *testscript.TestScript, _ bool, args []string) {
	offset, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	b, err := hex.DecodeString(args[2])
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_WRONLY, 0)
	ts.Check(err)
	_, err = f.WriteAt(b, offset)
	ts.Check(err)
	ts.Check(f.Close())
}

// hold takes a data directory, as another holdfast would, until the script ends.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	d, err := temporal.OpenDir(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Defer(func() { ts.Check(d.Close()) })
}

// patience is how long something that must happen may take on a busy machine.
const patience = 2 * time.Minute

// eventually runs a command until its output holds PATTERN.
func eventually(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile("(?m)" + args[0])
	for range int(patience / (200 * time.Millisecond)) {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		ts.Check(clock.Sleep(context.Background(), 200*time.Millisecond))
	}
	ts.Fatalf("%v does not come to show %s:\n%s", args[1:], args[0], ts.ReadFile("stdout"))
}

// shows waits until the page whose address stands in FILE after PREFIX shows PATTERN.
func shows(ts *testscript.TestScript, _ bool, args []string) {
	want, address := regexp.MustCompile(args[0]), regexp.MustCompile(regexp.QuoteMeta(args[2])+`(http://127\.0\.0\.1:\d+/)`)
	said := "no address"
	for range int(patience / (100 * time.Millisecond)) {
		if text, err := os.ReadFile(ts.MkAbs(args[1])); err == nil {
			if m := address.FindSubmatch(text); m != nil {
				said = get(ts, string(m[1]))
			}
		}
		if want.MatchString(said) {
			return
		}
		ts.Check(clock.Sleep(context.Background(), 100*time.Millisecond))
	}
	ts.Fatalf("%s does not come to show %s:\n%s", args[1], args[0], said)
}

func get(ts *testscript.TestScript, url string) string {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	ts.Check(err)
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer res.Body.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(res.Body)
	ts.Check(err)
	return string(body)
}

// appears waits until there is such a file.
func appears(ts *testscript.TestScript, _ bool, args []string) {
	for range int(patience / (50 * time.Millisecond)) {
		_, err := os.Stat(ts.MkAbs(args[0]))
		if err == nil {
			return
		}
		if !errors.Is(err, fs.ErrNotExist) {
			ts.Fatalf("%v", err)
		}
		ts.Check(clock.Sleep(context.Background(), 50*time.Millisecond))
	}
	ts.Fatalf("%s does not appear", args[0])
}

// listen takes a loopback port until the script ends and sets TAKEN to its address.
func listen(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ts.Check(l.Close()) })
	ts.Setenv("TAKEN", l.Addr().String())
}

// capture puts into the variable NAME what the first group of REGEXP is in FILE.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile(args[2]))
	if m == nil {
		ts.Fatalf("%s is not in %s", args[1], args[2])
	}
	ts.Setenv(args[0], m[1])
}

// jsonLines demands that FILE (or stdout) is one JSON object a line with each of
// the KEYs; a key "kind=touch" chooses the lines of that kind from there on, and
// there must be one.
func jsonLines(ts *testscript.TestScript, _ bool, args []string) {
	var all []map[string]any
	for s := bufio.NewScanner(strings.NewReader(ts.ReadFile(args[0]))); s.Scan(); {
		var one map[string]any
		if err := json.Unmarshal(s.Bytes(), &one); err != nil {
			ts.Fatalf("line %d is no JSON object: %v\n%s", len(all)+1, err, s.Text())
		}
		all = append(all, one)
	}
	lines := all
	for _, key := range args[1:] {
		if kind, ok := strings.CutPrefix(key, "kind="); ok {
			lines = slices.DeleteFunc(slices.Clone(all), func(l map[string]any) bool { return !slices.Contains(strings.Split(kind, ","), l["kind"].(string)) })
			if len(lines) == 0 {
				ts.Fatalf("no line of kind %s", kind)
			}
			continue
		}
		for _, l := range lines {
			if _, ok := l[key]; !ok {
				ts.Fatalf("no %q in %v", key, l)
			}
		}
	}
}
