package backtest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/backtest"
	"holdfast/internal/intake"
	"holdfast/internal/paired"
	"holdfast/internal/project"
)

var (
	pairs     = flag.Int("bench-pairs", 0, "pairs of a bare scan and a backtest to measure; 0 measures none")
	benchFile = flag.String("bench-file", "", "recorded messages (default: a stream made for the purpose)")
	benchDir  = flag.String("bench-project", "../../examples/ravenstack", "the project that fits them")
	benchAsks = flag.String("bench-asks", "renewal-90#ninety,usage-drop,win-back,post-save", "what is asked")
)

// TestBenchAgainstABareScan measures what a backtest costs beside reading its
// messages and doing nothing with them, in interleaved pairs. A backtest reads
// them too, so that 1 is the least that there can be; 3 is the most that we want.
func TestBenchAgainstABareScan(t *testing.T) { //nolint:paralleltest // it measures
	if *pairs == 0 {
		t.Skip("measures with -bench-pairs")
	}
	p, found, err := project.Load(*benchDir)
	if err != nil {
		t.Fatal(err, found)
	}
	file := *benchFile
	if file == "" {
		file = stream(t, 35_000)
	}
	for ask := range strings.SplitSeq(*benchAsks, ",") {
		for _, alone := range []bool{true, false} {
			var cpu, wall []float64
			for i := range *pairs {
				var a, b paired.Cost
				if bare := func() { a = measure(t, func() { read(t, p, file) }) }; i%2 == 0 {
					bare()
					b = measure(t, func() { answer(t, p, file, ask, alone) })
				} else {
					b = measure(t, func() { answer(t, p, file, ask, alone) })
					bare()
				}
				cpu, wall = append(cpu, b.CPU/a.CPU), append(wall, b.Wall/a.Wall)
			}
			what := ask
			if !alone {
				what += ", with overlap"
			}
			t.Logf("%-34s processor %s   wall %s   of a bare scan, %d pairs", what, ratio(cpu), ratio(wall), *pairs)
		}
	}
}

func measure(t *testing.T, do func()) paired.Cost {
	t.Helper()
	runtime.GC()
	return paired.Measure(t, do)
}

func ratio(xs []float64) string {
	low, high := paired.Interval(xs)
	return fmt.Sprintf("%.2f (%.2f to %.2f)", paired.Median(xs), low, high)
}

func read(t *testing.T, p *project.Project, file string) (ms []holdfast.Message) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	err = intake.ReadFile(t.Context(), f, intake.FileOptions{Name: file, Rules: p.Rules},
		func(r intake.Row) error { ms = append(ms, r.Message); return nil },
		func(line int, reason string) { t.Fatalf("line %d: %s", line, reason) })
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

func answer(t *testing.T, p *project.Project, file, ask string, alone bool) {
	t.Helper()
	name, trigger, _ := strings.Cut(ask, "#")
	q := backtest.Question{
		Project: p, Playbook: p.Playbook(name), Trigger: trigger, Messages: read(t, p, file),
		Label: "Account Churned", Within: 90, Lasts: 90, Alone: alone,
	}
	if _, err := backtest.Run(t.Context(), q); err != nil {
		t.Fatal(err)
	}
}

// stream writes n messages of 500 accounts over two years, in the shapes and
// shares of a software company's: most say that a feature was used.
func stream(t *testing.T, n int) string {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		account := fmt.Sprintf("A-%03d", r.IntN(500))
		at := start.Add(time.Duration(i) * (2 * 365 * 24 * time.Hour / time.Duration(n)))
		m := map[string]any{
			"type": "track", "messageId": fmt.Sprintf("m-%06d", i), "timestamp": at.Format(time.RFC3339), "userId": "owner-" + account,
			"context": map[string]any{"groupId": account},
		}
		switch k := r.IntN(100); {
		case k < 2:
			m["type"], m["groupId"] = "group", account
			m["traits"] = map[string]any{"name": account, "industry": "EdTech", "country": "US", "plan": "Pro", "seats": r.IntN(90), "trial": false, "email": account + "@a.example"}
		case k < 16:
			m["event"] = "Subscription Started"
			m["properties"] = map[string]any{
				"subscription_id": fmt.Sprintf("S-%06d", i), "plan": "Pro", "seats": r.IntN(40), "mrr": 900, "arr": 10800,
				"billing": []string{"monthly", "annual"}[r.IntN(2)], "auto_renew": true, "next_renewal": at.AddDate(1, 0, 0).Format(time.DateOnly),
			}
		case k < 17:
			m["event"], m["properties"] = "Account Churned", map[string]any{"reason": "budget", "refund_usd": 0.0}
		case k < 28:
			m["event"], m["properties"] = "Support Ticket Opened", map[string]any{"ticket_id": fmt.Sprintf("T-%06d", i), "priority": "high"}
		default:
			m["event"] = "Feature Used"
			m["properties"] = map[string]any{"subscription_id": "S-1", "feature": "feature_7", "count": r.IntN(20), "secs": r.IntN(4000), "errors": 0, "beta": false}
		}
		line, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write(append(line, '\n')); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "events.jsonl.gz")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
