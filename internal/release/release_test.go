package release_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/internal/release"
	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
)

var at = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func memory(t *testing.T) store.Store {
	t.Helper()
	st, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// named is a project that differs from others by its name.
func named(t *testing.T, name string) *project.Project {
	t.Helper()
	p, found := project.Restore("p", map[string]string{
		"holdfast.yaml":    "project: " + name + "\n",
		"playbooks/a.yaml": "playbook: a\ntitle: " + name + "\ntrigger: {on: email.replied}\nsteps:\n  - {id: pause, wait: 1d}\n",
	})
	if diag.Failed(found) {
		t.Fatal(found)
	}
	return p
}

func put(t *testing.T, st store.Store, p *project.Project, base int64) (int64, bool, error) {
	t.Helper()
	return release.Put(t.Context(), st, p, base, release.Stamp{By: "mira", At: at})
}

func TestThePointerMovesFromWhatThePlanSaw(t *testing.T) {
	t.Parallel()
	st := memory(t)
	for i, step := range []struct {
		p     string
		base  int64
		n     int64
		fresh bool
		err   string
	}{
		{"one", 3, 0, false, "the plan is against release 3, and no release is in force here"},
		{"one", 0, 1, true, ""},
		{"one", 0, 1, false, ""}, // the same again, whatever it was planned against
		{"one", 1, 1, false, ""},
		{"two", 0, 0, false, "the plan is against release 0, and release 1 was applied meanwhile, by mira (plan again)"},
		{"two", 1, 2, true, ""},
		{"one", 2, 3, true, ""}, // a former one again is a release of its own
	} {
		n, fresh, err := put(t, st, named(t, step.p), step.base)
		if n != step.n || fresh != step.fresh || (err == nil) != (step.err == "") || (err != nil && !strings.HasSuffix(err.Error(), step.err)) {
			t.Errorf("step %d: release %d, fresh %v, %v; want %d, %v, %q", i, n, fresh, err, step.n, step.fresh, step.err)
		}
		if err != nil && holdfast.CodeOf(err) != holdfast.Conflict {
			t.Errorf("step %d: code %s", i, holdfast.CodeOf(err))
		}
	}
	err := st.View(t.Context(), func(tx store.Tx) error {
		n, _, files, err := release.Current(tx)
		p, err2 := release.Open(tx, 2)
		former, err3 := release.Former(tx)
		_, gone := release.Open(tx, 9)
		if n != 3 || files["holdfast.yaml"] != "project: one\n" || p.Settings.Name != "two" || former.Number != 2 || holdfast.CodeOf(gone) != holdfast.NotFound {
			t.Errorf("in force %d %v, release 2 is %s, the former is %d, release 9: %v", n, files, p.Settings.Name, former.Number, gone)
		}
		return errors.Join(err, err2, err3)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Many at once, of two commits: each commit is one release or is refused, and
// the one in force was put by somebody.
func TestManyAtOnceMakeOneReleaseOfEachCommit(t *testing.T) {
	t.Parallel()
	st := memory(t)
	projects := []*project.Project{named(t, "one"), named(t, "two")}
	var wg sync.WaitGroup
	var mu sync.Mutex
	fresh := 0
	for i := range 20 {
		wg.Go(func() {
			_, isFresh, err := put(t, st, projects[i%2], 0)
			mu.Lock()
			defer mu.Unlock()
			if isFresh {
				fresh++
			}
			if err != nil && holdfast.CodeOf(err) != holdfast.Conflict {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	err := st.View(t.Context(), func(tx store.Tx) error {
		all, err := tx.Releases(0, 0)
		if len(all) != 1 || fresh != 1 {
			t.Errorf("%d releases, %d say that they are fresh; want 1", len(all), fresh)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAReleaseIsTakenOrRefused(t *testing.T) {
	t.Parallel()
	st := memory(t)
	if _, _, err := put(t, st, named(t, "one"), 0); err != nil {
		t.Fatal(err)
	}
	taken := func() (n int64, refused string) {
		err := st.View(t.Context(), func(tx store.Tx) (err error) {
			n, refused, err = release.Taken(tx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n, refused
	}
	if err := release.Take(t.Context(), st, 1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := put(t, st, named(t, "two"), 1); err != nil {
		t.Fatal(err)
	}
	if err := release.Refuse(t.Context(), st, 2, errors.New("a mistake: in line 3")); err != nil {
		t.Fatal(err)
	}
	if n, refused := taken(); n != 1 || refused != "a mistake: in line 3" {
		t.Errorf("taken %d, refused %q", n, refused)
	}
	if _, _, err := put(t, st, named(t, "three"), 2); err != nil {
		t.Fatal(err)
	}
	if n, refused := taken(); n != 1 || refused != "" {
		t.Errorf("after the next: taken %d, refused %q; the reason was another's", n, refused)
	}
}
