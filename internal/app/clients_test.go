package app_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/server/ingest"
	"holdfast/internal/store"
)

// TestUnmodifiedSDKsHandInEachEventOnce runs the SDKs that people have in their
// applications. Of their first calls one is refused, one is taken by a server that
// dies before it answers, and one is asked to wait: each event is in once all the
// same, and none that only we may say.
func TestUnmodifiedSDKsHandInEachEventOnce(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("this test needs %s, to run the SDKs of others: scripts/need installs it", tool)
		}
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "clients"))); err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, in string, env []string, name string, args ...string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), name, args...)
		c.Dir, c.Env = filepath.Join(dir, in), append(os.Environ(), env...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	run(t, "node", nil, "npm", "ci", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts")
	run(t, "go", []string{"GOWORK=off"}, "go", "build", "-o", "sender", ".")
	for name, c := range map[string]struct {
		in   string
		args []string
	}{
		"node":   {"node", []string{"node", "segment.mjs"}},
		"rudder": {"node", []string{"node", "rudder.mjs"}},
		"go":     {"go", []string{filepath.Join(dir, "go", "sender")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &faults{}
			in := newInbound(t, f.before)
			run(t, c.in, []string{"URL=" + in.url, "KEY=" + in.key()}, c.args[0], c.args[1:]...)
			account, contact := "acct-"+name, "u-"+name
			var want []string
			for _, what := range []string{"identify", "group", "track page", "track Signed Up", "track Feature Used"} {
				want = append(want, "app "+what+" "+contact)
			}
			for range 20 {
				want = append(want, "app track Report Exported "+contact)
			}
			slices.Sort(want)
			if d := cmp.Diff(want, in.events(account)); d != "" {
				t.Errorf("events (-want +got):\n%s", d)
			}
			if n := in.all(); n != len(want) {
				t.Errorf("%d events are in, want %d", n, len(want))
			}
			seen := map[string]bool{}
			in.view(func(tx store.Tx) error {
				for seq := range len(want) {
					e, err := tx.Event(int64(seq + 1))
					if err != nil {
						return err
					}
					if n, ok := e.Props["n"]; ok {
						seen[text(n)] = true
					}
				}
				a, err := tx.Account(account)
				if err != nil {
					return err
				}
				p, err := tx.Contact(contact)
				if !a.Known || a.Fields["name"].Value == nil || a.Fields["arr"].Value == nil || p.Account != account || p.Fields["email"].Value == nil {
					t.Errorf("got the account %v and the contact %v", a, p)
				}
				return err
			})
			if len(seen) != 20 {
				t.Errorf("%d of the 20 reports are in", len(seen))
			}
			if f.calls.Load() < 4 {
				t.Errorf("%d calls were made: not every fault was met", f.calls.Load())
			}
			sums := in.Inbound.Sums()
			if sums[ingest.Counted{Source: "app", Outcome: ingest.Forged}] < 1 || sums[ingest.Counted{Source: "app", Outcome: ingest.Repeated}] < 1 {
				t.Errorf("nothing was forged or repeated: %v", sums)
			}
		})
	}
}

func text(v any) string {
	if s, ok := v.(interface{ String() string }); ok {
		return s.String()
	}
	return ""
}

// faults are what happens to the first calls of a sender.
type faults struct{ calls atomic.Int32 }

func (f *faults) before(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch f.calls.Add(1) {
		case 1:
			http.Error(w, "a proxy says that nobody is there", http.StatusServiceUnavailable)
		case 2: // taken, and then killed
			h.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		case 3:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many calls at once", http.StatusTooManyRequests)
		default:
			h.ServeHTTP(w, r)
		}
	})
}
