package project_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/playbooks"
)

func TestASnapshotReadsAsTheDirectoryDid(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"../../examples/tidewater", "../sim/testdata/acme"} {
		p, found, err := project.Load(dir)
		if err != nil || diag.Failed(found) {
			t.Fatal(err, found)
		}
		packed, err := project.Pack(p.Files)
		if err != nil {
			t.Fatal(err)
		}
		files, err := project.Unpack(packed)
		if err != nil {
			t.Fatal(err)
		}
		q, again := project.Restore("the release", files)
		if diag.Failed(again) || len(again) != len(found) {
			t.Fatalf("%s: found %v, want what the directory has: %v", dir, again, found)
		}
		if d := cmp.Diff(p.Files, q.Files); d != "" || project.Digest(p.Files) != project.Digest(q.Files) {
			t.Errorf("%s: the files of the files: %s", dir, d)
		}
		if len(q.Playbooks) != len(p.Playbooks) || len(p.Playbooks) == 0 {
			t.Fatalf("%s: %d playbooks, want %d", dir, len(q.Playbooks), len(p.Playbooks))
		}
		for i, b := range p.Playbooks {
			if q.Playbooks[i].Digest != b.Digest {
				t.Errorf("%s: playbook %s came out as another version", dir, b.Name)
			}
		}
		if d := cmp.Diff(p.Settings, q.Settings); d != "" {
			t.Errorf("%s: settings: %s", dir, d)
		}
		if d := cmp.Diff(p.Team, q.Team); d != "" {
			t.Errorf("%s: team: %s", dir, d)
		}
	}
}

// A release that was taken with one library does not change with the next.
func TestASnapshotKeepsItsLibrary(t *testing.T) {
	t.Parallel()
	p, _, err := project.Load("../../examples/tidewater")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Settings.Library) == 0 {
		t.Fatal("the sample takes nothing from the library; the test sees too little")
	}
	name := p.Settings.Library[0]
	packed, err := project.Pack(p.Files)
	if err != nil {
		t.Fatal(err)
	}
	files, err := project.Unpack(packed) // a copy
	if err != nil {
		t.Fatal(err)
	}
	file := "library/" + name + ".yaml"
	files[file] = strings.Replace(files[file], "\ntitle: ", "\ntitle: Older ", 1)
	q, found := project.Restore("older", files)
	if diag.Failed(found) {
		t.Fatal(found)
	}
	if got := q.Playbook(name).Title; !strings.HasPrefix(got, "Older ") {
		t.Errorf("%s is titled %q, want what the snapshot says", name, got)
	}
	for name := range p.Files {
		if strings.HasPrefix(name, "library/templates/") && !slices.ContainsFunc(p.Playbooks, func(b *playbooks.Playbook) bool {
			return b.Bundle.Files[strings.TrimPrefix(name, "library/")] != ""
		}) {
			t.Errorf("%s is kept, and no playbook uses it", name)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	packed, err := project.Pack(map[string]string{"holdfast.yaml": "project: x\n"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add([]byte("nothing"))
	f.Fuzz(func(_ *testing.T, p []byte) {
		files, err := project.Unpack(p)
		if err != nil {
			return
		}
		project.Restore("fuzz", files)
	})
}
