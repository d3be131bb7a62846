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
	heapPairs    = flag.Int("bench-heap-pairs", 6, "pairs of workers at most: they differ by little, and each takes minutes")
	heapSide     = flag.String("bench-heap-side", "", "what a child of TestBenchHeap is: product or by-hand")
)

// errand is what a child is told, on its standard input.
type errand struct {
	HostPort  string
	Cert, Key []byte // PEM: the server lets in who has them
	Dir       string
	Sleepers  int
}

// TestBenchHeap: what a worker's heap holds after two collections, beyond what the
// same process held before it began, while so many of its workflows sleep after their
// first mail. Each side is a process of its own over a server of this one's, so that the
// server's heap counts in neither. Both have the worker's usual cache of workflows.
func TestBenchHeap(t *testing.T) { //nolint:paralleltest // it measures
	if *heapSide != "" {
		sleepInside(t)
		return
	}
	sizes := []int{20}
	if *pairs > 0 {
		sizes = []int{*heapSleepers / 10, *heapSleepers}
	}
	for _, n := range sizes {
		row := paired.Row{Name: "heap", Size: n, Unit: "MB"}
		row.Run(max(min(*pairs, *heapPairs), 1), heapOf(t, n, "product"), heapOf(t, n, "by-hand"))
		row.Report(t, *pairs > 0)
	}
}

// heapOf is a block: a fresh directory, a server, and a child that works.
func heapOf(t *testing.T, n int, side string) func() float64 {
	t.Helper()
	return func() float64 {
		dir := t.TempDir()
		server, err := temporal.Start(t.Context(), temporal.Options{Dir: dir, FastTimers: true})
		if err != nil {
			t.Fatal(err)
		}
		defer server.Stop()
		own := server.TLS().Certificates[0]
		key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		told, err := json.Marshal(errand{
			HostPort: server.HostPort(), Dir: dir, Sleepers: n,
			Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]}),
			Key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		})
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
		said, err := os.ReadFile(filepath.Join(dir, "heap"))
		if err != nil {
			t.Fatal(err)
		}
		var before, after float64
		if _, err := fmt.Sscan(string(said), &before, &after); err != nil || after <= before {
			t.Fatalf("the worker %s says %q: %v", side, said, err)
		}
		t.Logf("%s, %d asleep: %.1f MB, of which %.1f before the worker began", side, n, after/1e6, before/1e6)
		return (after - before) / 1e6
	}
}

// sleepInside is the child.
func sleepInside(t *testing.T) {
	t.Helper()
	before := heap()
	var e errand
	if err := json.NewDecoder(os.Stdin).Decode(&e); err != nil {
		t.Fatal(err)
	}
	w := settled(t, e.Dir, "win-back", e.Sleepers)
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
		w.putToSleep(e.Sleepers, asItIs())
	case "by-hand":
		w.putToSleepByHand(e.Sleepers)
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
