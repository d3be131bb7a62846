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
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"holdfast/internal/child"
	"holdfast/internal/paired"
	"holdfast/internal/temporal"
	"holdfast/workflows"
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
	Sleepers  int
	Wake      int // of those that sleep already, for a worker begun anew; 0 puts them to sleep first
}

// TestBenchHeap: what a worker's heap holds after two collections, beyond what the
// same process held before it began, while so many of its workflows sleep after their
// first mail. Each worker is a process of its own over a server of this one's, so that
// the server's heap counts in neither. One worker a side puts them to sleep, which
// takes minutes; each block is then a copy of its directory, a worker begun anew, and as
// many workflows woken as fill its cache one and a half times.
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

// heapOf is a block of a side, whose n enrollments are put to sleep at once.
func heapOf(t *testing.T, n int, side string) func() float64 {
	t.Helper()
	asleep := t.TempDir()
	t.Logf("%s: the worker that puts %d to sleep holds %.1f MB", side, n, worker(t, side, errand{Dir: asleep, Sleepers: n}))
	return func() float64 {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(asleep)); err != nil {
			t.Fatal(err)
		}
		return worker(t, side, errand{Dir: dir, Sleepers: n, Wake: min(n, temporal.StickyWorkflows*3/2)})
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
	switch {
	case *heapSide == "product" && e.Wake == 0:
		w.putToSleep(e.Sleepers, asItIs())
	case *heapSide == "product":
		w.serve(asItIs())
		w.wake(e.Wake, workflows.WakeSignal, workflows.Wake{N: 1})
	case e.Wake == 0:
		w.putToSleepByHand(e.Sleepers)
	default:
		w.serveByHand()
		w.wake(e.Wake, "done", Done{})
	}
	said := fmt.Sprintln(before, heap())
	if err := os.WriteFile(filepath.Join(e.Dir, "heap"), []byte(said), 0o600); err != nil {
		t.Fatal(err)
	}
}

// wake has the worker take up n workflows that sleep, and waits until they sleep again.
func (w *world) wake(n int, signal string, arg any) {
	w.t.Helper()
	w.atOnce(n, func(i int) error {
		return w.client.SignalWorkflow(w.t.Context(), enrollment(i), "", signal, arg)
	})
	for i := range n {
		for {
			d, err := w.client.DescribeWorkflowExecution(w.t.Context(), enrollment(i), "")
			if err != nil {
				w.t.Fatal(err)
			}
			if d.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
				w.t.Fatalf("%s is %v, and should sleep", enrollment(i), d.GetWorkflowExecutionInfo().GetStatus())
			}
			if d.GetPendingWorkflowTask() == nil {
				break
			}
			w.pause(w.t.Context(), 20*time.Millisecond)
		}
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
