package bench

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"holdfast/internal/child"
	"holdfast/internal/paired"
	"holdfast/internal/temporal"
)

var (
	heapSleepers = flag.Int("bench-heap", 10_000, "sleeping enrollments of the worker whose heap is measured")
	heapSide     = flag.String("bench-heap-side", "", "what a child of TestBenchHeap is: product or by-hand")
)

// errand is what a child is told, on its standard input.
type errand struct {
	HostPort  string
	Cert, Key []byte // PEM: the server lets in who has them
	Dir       string
	From, To  int // the accounts whose enrollments it puts to sleep; those before sleep already
}

// TestBenchHeap: what a worker's heap holds after two collections, beyond what the
// same process held before it began, while so many of its workflows sleep after their
// first mail. Each worker is a process of its own over a server of this one's, so that
// the server's heap counts in neither. One worker a side puts most of them to sleep,
// which takes minutes. Each block is then a copy of its directory, and a worker begun
// anew that does the rest: more than its cache of workflows holds.
func TestBenchHeap(t *testing.T) { //nolint:paralleltest // it measures
	if *heapSide != "" {
		work(t)
		return
	}
	n := 20
	if *pairs > 0 {
		n = *heapSleepers
	}
	row := paired.Row{Name: "heap", Size: n, Unit: "MB"}
	row.Run(max(*pairs, 1), heapOf(t, n, "product"), heapOf(t, n, "by-hand"))
	row.Report(t, *pairs > 0)
}

// heapOf is a block of a side.
func heapOf(t *testing.T, n int, side string) func() float64 {
	t.Helper()
	asleep, rest := t.TempDir(), min(n/2, temporal.StickyWorkflows*6/5)
	held := worker(t, side, errand{Dir: asleep, To: n - rest})
	t.Logf("%s: the worker that puts the first %d to sleep holds %.1f MB", side, n-rest, held)
	return func() float64 {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(asleep)); err != nil {
			t.Fatal(err)
		}
		return worker(t, side, errand{Dir: dir, From: n - rest, To: n})
	}
}

// worker is the heap in MB of a child that does an errand over a server for it alone.
func worker(t *testing.T, side string, e errand) float64 {
	t.Helper()
	server, err := temporal.Start(t.Context(), temporal.Options{Dir: e.Dir, FastTimers: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	own := server.TLS().Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	e.HostPort = server.HostPort()
	e.Cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]})
	e.Key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	told, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBenchHeap$", "-bench-heap-side="+side)
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(told), &out, &out
	if err := child.Start(cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the worker %s: %v\n%s", side, err, out.Bytes())
	}
	said, err := os.ReadFile(filepath.Join(e.Dir, "heap"))
	if err != nil {
		t.Fatal(err)
	}
	var before, after float64
	if _, err := fmt.Sscan(string(said), &before, &after); err != nil || after <= before {
		t.Fatalf("the worker %s says %q: %v", side, said, err)
	}
	return (after - before) / 1e6
}

// work is the child.
func work(t *testing.T) {
	t.Helper()
	before := heap()
	var e errand
	if err := json.NewDecoder(os.Stdin).Decode(&e); err != nil {
		t.Fatal(err)
	}
	w := settled(t, e.Dir, "win-back", e.To)
	defer w.stop()
	door, err := temporal.ClusterTLS(e.Cert, e.Key, e.Cert, false)
	if err != nil {
		t.Fatal(err)
	}
	if w.client, err = temporal.Client(t.Context(), temporal.ClientOptions{HostPort: e.HostPort, TLS: door}); err != nil {
		t.Fatal(err)
	}
	w.onStop(w.client.Close)
	switch *heapSide {
	case "product":
		w.putToSleep(e.From, e.To, asItIs())
	case "by-hand":
		w.putToSleepByHand(e.From, e.To)
	default:
		t.Fatalf("there is no side %q", *heapSide)
	}
	said := fmt.Sprintln(before, heap())
	if err := os.WriteFile(filepath.Join(e.Dir, "heap"), []byte(said), 0o600); err != nil {
		t.Fatal(err)
	}
}

// heap in use, in bytes, when what nobody holds is gone.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // the first leaves what pools hold
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
