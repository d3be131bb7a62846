package pgtest

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"holdfast/internal/child"
)

// identity is what initdb makes up for each data directory: equal ones are of one initdb.
func identity(t *testing.T, folder string) (id string) {
	t.Helper()
	s := prepare(t)
	s.initialise(t, folder)
	s.begin(t, child.Port)
	s.Database(t)
	conn, err := pgx.Connect(t.Context(), s.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // it only asked
	if err := conn.QueryRow(t.Context(), "SELECT system_identifier::text FROM pg_control_system()").Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestWhatInitdbMadeIsUsedAgainUnlessItIsDamaged(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "templates")
	first := identity(t, folder)
	if again := identity(t, folder); again != first {
		t.Errorf("the second server is %s, want the first's %s", again, first)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("got %q, %v; want one template", files, err)
	}
	if err := os.Truncate(files[0], 30_000_000); err != nil {
		t.Fatal(err)
	}
	third := identity(t, folder)
	if third == first {
		t.Error("a template that was cut short was used")
	}
	if again := identity(t, folder); again != third {
		t.Errorf("after the damage the server is %s, want the one before, %s", again, third)
	}
}

func TestAFolderThatOthersCanWriteToHasNoTemplates(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if _, err := template(folder, os.Args[0], nil); err != nil {
		t.Errorf("this user's own: %v", err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	if got, err := template(link, os.Args[0], nil); err == nil {
		t.Errorf("a link: got %s", got)
	}
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if got, err := template(folder, os.Args[0], nil); err == nil {
		t.Errorf("everybody's: got %s", got)
	}
}

func TestATemplateIsOfOneProgramAndOneWayToAsk(t *testing.T) {
	t.Parallel()
	folder, program := t.TempDir(), filepath.Join(t.TempDir(), "postgres")
	seen := map[string]bool{}
	for _, text := range []string{"built", "built anew"} {
		if err := os.WriteFile(program, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"--encoding=UTF8"}, {"--encoding=UTF8", "--locale=C"}} {
			file, err := template(folder, program, args)
			if err != nil || seen[file] {
				t.Errorf("%s, %q: got %s, %v; want another", text, args, file, err)
			}
			seen[file] = true
		}
	}
}

func TestOnlyAWholeTemplateIsUnpacked(t *testing.T) {
	t.Parallel()
	from := t.TempDir()
	if err := os.Mkdir(filepath.Join(from, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(from, "file"), []byte("what it holds"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "template")
	if err := pack(from, file); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "to")
	if err := unpack(file, to, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(to, "file")); string(got) != "what it holds" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := os.ReadDir(filepath.Join(to, "empty")); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte(nil), whole...)
	flipped[len(flipped)/2] ^= 1
	for name, text := range map[string][]byte{
		"cut short": whole[:len(whole)-1], "without its sum": whole[:len(whole)-4], "a bit flipped": flipped, "zeros": make([]byte, len(whole)), "empty": {},
	} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(t.TempDir(), "to")
		if err := unpack(file, to, nil); err == nil {
			t.Errorf("%s: unpacked", name)
		}
		if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: something was made: %v", name, err)
		}
	}
}

func TestALostPortIsChosenAnew(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	asked := 0
	s := prepare(t)
	s.initialise(t, templates())
	s.begin(t, func(t testing.TB) int {
		if asked++; asked == 1 {
			return l.Addr().(*net.TCPAddr).Port
		}
		return child.Port(t)
	})
	if asked != 2 {
		t.Errorf("asked %d times for a port, want 2", asked)
	}
	s.Database(t)
}
