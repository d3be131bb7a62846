package crash

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/store"
)

// left is what the store holds after a soak.
type left struct {
	events  []store.Event
	buckets map[string]map[string][]store.Bucket // by account, by metric
	seats   map[string]string                    // by account, of those that have any
	runs    []run
	refused map[string]store.Line // entries that were refused, by what would have been their enrollment
}

func readLeft(t *testing.T, st store.Store, accounts []string) *left {
	t.Helper()
	l := &left{buckets: map[string]map[string][]store.Bucket{}, seats: map[string]string{}, runs: readRuns(st, t)}
	for _, id := range accounts {
		err := st.View(t.Context(), func(tx store.Tx) error {
			a, err := tx.Account(id)
			if err != nil {
				return fmt.Errorf("account %s: %w", id, err)
			}
			if n, is := a.Fields["seats"].Value.(json.Number); is {
				l.seats[id] = n.String()
			}
			events, err := tx.Events(id, nil, time.Time{}, time.Time{}, 0)
			buckets, also := tx.AllBuckets(id, "2000-01-01")
			l.events, l.buckets[id] = append(l.events, events...), buckets
			return errors.Join(err, also)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	l.refused = readRefused(t, st)
	return l
}

func readRefused(t *testing.T, st store.Store) map[string]store.Line {
	t.Helper()
	refused := map[string]store.Line{}
	for after := int64(0); ; {
		var page []store.Line
		err := st.View(t.Context(), func(tx store.Tx) (err error) {
			page, err = tx.Lines(after, 5000)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return refused
		}
		for _, line := range page {
			if id, is := strings.CutPrefix(line.Key, "refused/"); is {
				refused[id] = line
			}
			after = line.Seq
		}
	}
}

// verdict is what a book says of what is left.
type verdict struct {
	said, tries, kept, unknown, unknownIn, refused int
	beside                                         int // payments of an account that was in dunning already
	wrong                                          []string
}

func (v *verdict) say(format string, args ...any) {
	v.wrong = append(v.wrong, fmt.Sprintf(format, args...))
}

func (v *verdict) String() string {
	return fmt.Sprintf("messages %d, sent %d times: acknowledged %d, refused %d, unknown %d of which %d are in; payments that found their account in dunning %d; wrong %d",
		v.said, v.tries, v.kept, v.refused, v.unknown, v.unknownIn, v.beside, len(v.wrong))
}

// judge holds what is left against what was said: each acknowledged message is in
// once, none that was refused is, and accounts, metrics and enrollments are those
// that the messages that are in make.
func (b *book) judge(l *left) *verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	v := &verdict{said: len(b.words)}
	in := v.words(b.words, l.events)
	v.metrics(in, l.buckets)
	v.seats(in, l.seats)
	v.enrollments(in, l)
	slices.Sort(v.wrong)
	return v
}

func (v *verdict) words(words []*word, events []store.Event) (in []*word) {
	there := map[[2]string][]store.Event{}
	for _, e := range events {
		if e.Source == "app" || e.Source == "billing" {
			k := [2]string{e.Source, e.ID}
			there[k] = append(there[k], e)
		}
	}
	for _, w := range words {
		k := [2]string{w.source, w.id}
		n := len(there[k])
		v.tries += w.tries
		switch {
		case w.bad || w.fate == turnedAway:
			v.refused++
			if n > 0 {
				v.say("%s was refused, and is in", w.id)
			}
		case w.fate == kept:
			v.kept++
			if n == 0 {
				v.say("%s was acknowledged, and is lost", w.id)
			}
		default:
			v.unknown++
			v.unknownIn += min(n, 1)
		}
		if n > 1 {
			v.say("%s is in %d times", w.id, n)
		}
		if n > 0 {
			if e := there[k][0]; e.Account != w.account || e.Event != w.event || !e.At.Equal(w.at) {
				v.say("%s was %q of %s at %v, and is %q of %s at %v", w.id, w.event, w.account, w.at, e.Event, e.Account, e.At)
			}
			in = append(in, w)
		}
		delete(there, k)
	}
	for k := range there {
		v.say("%s of %s is in, and nobody sent it", k[1], k[0])
	}
	return in
}

// metrics of the shipped rules, by the event that they count.
var metrics = map[string]string{"Feature Used": "usage_30d", "Conversation Held": "conversations_60d"}

func (v *verdict) metrics(in []*word, buckets map[string]map[string][]store.Bucket) {
	type count struct {
		Metric, Day string
		Count, Sum  int64
	}
	want, got := map[string]map[[2]string]count{}, map[string]map[[2]string]count{}
	add := func(to map[string]map[[2]string]count, account, metric, day string, n, sum int64) {
		if to[account] == nil {
			to[account] = map[[2]string]count{}
		}
		if metric != "usage_30d" {
			sum = 0 // what others sum is their own affair
		}
		k := [2]string{metric, day}
		was := to[account][k]
		to[account][k] = count{metric, day, was.Count + n, was.Sum + sum}
	}
	for _, w := range in {
		if metric, is := metrics[w.event]; is {
			add(want, w.account, metric, w.at.Format(time.DateOnly), 1, int64(w.n))
		}
	}
	for account, of := range buckets {
		for _, metric := range metrics {
			for _, d := range of[metric] {
				add(got, account, metric, d.Day, d.Count, int64(d.Sum))
			}
		}
	}
	for account := range buckets {
		if diff := gocmp.Diff(want[account], got[account]); diff != "" {
			v.say("the metrics of %s are not those of its messages (-want +got):\n%s", account, diff)
		}
	}
}

// seats are those of the newest group message; of one moment, the greater id's.
func (v *verdict) seats(in []*word, got map[string]string) {
	newest := map[string]*word{}
	for _, w := range in {
		if w.kind != holdfast.Group {
			continue
		}
		if was := newest[w.account]; was == nil || cmp.Or(w.at.Compare(was.at), strings.Compare(w.id, was.id)) > 0 {
			newest[w.account] = w
		}
	}
	want := map[string]string{}
	for account, w := range newest {
		want[account] = fmt.Sprint(w.n)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		v.say("seats are not those of the newest messages (-want +got):\n%s", diff)
	}
}

// enrollments: one for each account that was saved, one for each payment that failed,
// but for those that are refused in words because their account is in dunning.
func (v *verdict) enrollments(in []*word, l *left) {
	type entry struct{ playbook, account, key string }
	entries := map[entry]int{}
	of := map[string]int{}
	for _, r := range l.runs {
		entries[entry{r.Playbook, r.Account, r.EntryKey}]++
		switch r.Playbook {
		case "errand":
			of["errand of "+r.Account]++
		default:
			of[r.Playbook+" for "+r.Occurrence]++
		}
	}
	for e, n := range entries {
		if n > 1 {
			v.say("%s is enrolled %d times in %s by %s", e.account, n, e.playbook, e.key)
		}
	}
	want := map[string]int{}
	for _, w := range in {
		switch w.event {
		case "Account Saved":
			want["errand of "+w.account] = 1
		case "Invoice Payment Failed":
			if l.beside(w) {
				v.beside++
				continue
			}
			want["dunning for "+w.id] = 1
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if of[name] != 1 {
			v.say("%s: %d enrollments, want 1", name, of[name])
		}
		delete(of, name)
	}
	for name, n := range of {
		v.say("%s: %d enrollments, want none", name, n)
	}
}

// beside is whether w, a payment, rightly began nothing: the timeline says that its
// account was in dunning, and it was.
func (l *left) beside(w *word) bool {
	line, refused := l.refused[holdfast.EnrollmentID("dunning", w.account, "account/trigger=failed/occurrence="+w.id)]
	return refused && strings.HasPrefix(line.Reason, "already_active:") && slices.ContainsFunc(l.runs, func(r run) bool {
		return r.Playbook == "dunning" && r.Account == w.account && !r.StartedAt.After(line.At) && (r.EndedAt.IsZero() || !r.EndedAt.Before(line.At))
	})
}

func (l *left) refuse(reason string, at time.Time) {
	l.refused = map[string]store.Line{holdfast.EnrollmentID("dunning", "acme", "account/trigger=failed/occurrence=billing-5"): {Reason: reason, At: at}}
}

// What the judge would say of each thing that must not be; without this a soak that
// finds nothing shows nothing.
func TestASoakSeesWhatMustNotBe(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	whole := func() (*book, *left) {
		b, l := &book{}, &left{seats: map[string]string{"acme": "5"}, buckets: map[string]map[string][]store.Bucket{"acme": {
			"usage_30d": {{Day: "2026-03-02", Count: 1, Sum: 4}}, "conversations_60d": {{Day: "2026-03-02", Count: 1}},
		}}}
		for _, w := range []word{
			{source: "app", kind: "track", event: "Feature Used", n: 4, fate: kept},         // app-1
			{source: "app", kind: "track", event: "Conversation Held", fate: unknown},       // app-2
			{source: "app", kind: "track", event: "Account Saved", fate: kept},              // app-3
			{source: "app", kind: "group", n: 5, fate: kept},                                // app-4
			{source: "billing", kind: "track", event: "Invoice Payment Failed", fate: kept}, // billing-5
			{source: "app", kind: "track", event: "Feature Used", n: 4, fate: turnedAway},   // app-6
			{source: "app", kind: "track", event: "Feature Used", n: 4, fate: unknown},      // app-7, which is not in
			{source: "app", kind: "track", event: "Feature Used", n: 4, bad: true},          // app-8
		} {
			w.account, w.at = "acme", at
			got := b.word(w)
			if b.serial < 6 {
				l.events = append(l.events, store.Event{Message: holdfast.Message{Source: got.source, ID: got.id, Kind: got.kind, Event: got.event, Account: "acme", At: at}})
			}
		}
		for _, e := range []store.Enrollment{{Playbook: "errand"}, {Playbook: "dunning", Occurrence: "billing-5", EntryKey: "5"}} {
			e.Account = "acme"
			l.runs = append(l.runs, run{Enrollment: e})
		}
		return b, l
	}
	for name, c := range map[string]struct {
		change func(b *book, l *left)
		want   string
	}{
		"nothing":          {func(*book, *left) {}, ""},
		"a loss":           {func(_ *book, l *left) { l.events = l.events[:4] }, "billing-5 was acknowledged, and is lost"},
		"a repeat":         {func(_ *book, l *left) { l.events = append(l.events, l.events[2]) }, "app-3 is in 2 times"},
		"a repeat counted": {func(_ *book, l *left) { l.buckets["acme"]["usage_30d"][0].Count = 2 }, "the metrics of acme"},
		"a sum":            {func(_ *book, l *left) { l.buckets["acme"]["usage_30d"][0].Sum = 8 }, "the metrics of acme"},
		"an uncounted":     {func(_ *book, l *left) { delete(l.buckets["acme"], "conversations_60d") }, "the metrics of acme"},
		"a refused one":    {func(_ *book, l *left) { l.events[0].ID = "app-6" }, "app-6 was refused, and is in"},
		"a bad one":        {func(_ *book, l *left) { l.events[0].ID = "app-8" }, "app-8 was refused, and is in"},
		"a stranger's":     {func(_ *book, l *left) { l.events[0].ID = "app-9" }, "nobody sent it"},
		"another's":        {func(_ *book, l *left) { l.events[1].Account = "bmce" }, "is \"Conversation Held\" of bmce"},
		"an older value":   {func(_ *book, l *left) { l.seats["acme"] = "4" }, "seats are not"},
		"enrolled twice":   {func(_ *book, l *left) { l.runs = append(l.runs, l.runs[1]) }, "enrolled 2 times"},
		"by another key":   {func(_ *book, l *left) { l.runs = append(l.runs, l.runs[0]); l.runs[2].EntryKey = "x" }, "errand of acme: 2 enrollments"},
		"never enrolled":   {func(_ *book, l *left) { l.runs = l.runs[:1] }, "dunning for billing-5: 0 enrollments"},
		"refused, and right": {func(_ *book, l *left) {
			l.refuse("already_active: since", at)
			l.runs[1].Occurrence, l.runs[1].StartedAt = "billing-9", at
		}, "dunning for billing-9: 1 enrollments, want none"},
		"refused, not active": {func(_ *book, l *left) { l.refuse("already_active: since", at); l.runs = l.runs[:1] }, "dunning for billing-5: 0 enrollments"},
		"refused, and over": {func(_ *book, l *left) {
			l.refuse("already_active: since", at)
			l.runs[1].Occurrence, l.runs[1].EndedAt = "billing-4", at.Add(-time.Second)
		}, "dunning for billing-5: 0 enrollments"},
		"refused for else":   {func(_ *book, l *left) { l.refuse("resting", at); l.runs[1].Occurrence = "billing-4" }, "dunning for billing-5: 0 enrollments"},
		"enrolled unasked":   {func(_ *book, l *left) { l.runs[1].Occurrence = "billing-4" }, "dunning for billing-4: 1 enrollments, want none"},
		"an unknown that is": {func(b *book, _ *left) { b.words[0].fate = unknown }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, l := whole()
			c.change(b, l)
			v := b.judge(l)
			got := strings.Join(v.wrong, "\n")
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
