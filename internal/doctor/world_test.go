package doctor_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"holdfast/internal/clock"
	"holdfast/internal/config"
	"holdfast/internal/doctor"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/sqlite"
	"holdfast/internal/temporal"
)

const settings = `project: clinic
timezone: Europe/Berlin
country: DE
rules: library
sender: {name: Customer Success, email: success@ours.example}
`

const team = `team:
  - {id: mira, name: Mira Halloran, email: mira@ours.example, slack: U0000001, timezone: Europe/Berlin, role: csm}
`

// clinic is a project beside a data directory, each as a server likes it.
type clinic struct {
	t      *testing.T
	doctor *doctor.Doctor
}

// newClinic has also in its settings.
func newClinic(t *testing.T, also string) *clinic {
	t.Helper()
	root := t.TempDir()
	data := filepath.Join(root, "data")
	for path, text := range map[string]string{"holdfast.yaml": settings + also, "team.yaml": team} {
		if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := temporal.OpenDir(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.FixClock(temporal.ClockProduction), d.Close()); err != nil {
		t.Fatal(err)
	}
	return &clinic{t: t, doctor: &doctor.Doctor{Dir: data, Project: root, Clock: clock.System{}}}
}

// file gives the directory a database.
func (c *clinic) file() string {
	c.t.Helper()
	path := filepath.Join(c.doctor.Dir, "holdfast.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		c.t.Fatal(err)
	}
	c.remember(func(store.Tx) error { return nil })
	return path
}

// remember writes into the database, which it makes current first.
func (c *clinic) remember(fn func(store.Tx) error) {
	c.t.Helper()
	var s store.Store
	var err error
	if url := c.doctor.Env.DatabaseURL; url != "" {
		s, err = postgres.Open(c.t.Context(), url)
	} else {
		s, err = sqlite.Open(c.t.Context(), filepath.Join(c.doctor.Dir, "holdfast.db"))
	}
	if err != nil {
		c.t.Fatal(err)
	}
	if err := errors.Join(s.Update(c.t.Context(), fn), s.Close()); err != nil {
		c.t.Fatal(err)
	}
}

// schema makes the file say that so many migrations were run.
func (c *clinic) schema(path, version string) {
	c.t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = db.ExecContext(c.t.Context(), "PRAGMA user_version = "+version)
	if err := errors.Join(err, db.Close()); err != nil {
		c.t.Fatal(err)
	}
}

// of is what the doctor says of a check: "wrong: what (fix)", by lines.
func (c *clinic) of(check string) string {
	c.t.Helper()
	var said []string
	for _, f := range c.doctor.Examine(c.t.Context()) {
		if f.State == doctor.Wrong && (f.Why == "" || f.What == "") {
			c.t.Errorf("%+v says not why it matters", f)
		}
		if f.Check == check {
			said = append(said, string(f.State)+": "+f.What+" ("+f.Fix+")")
		}
	}
	return strings.Join(said, "\n")
}

// says fails unless check says all of words.
func (c *clinic) says(check string, words ...string) {
	c.t.Helper()
	said := c.of(check)
	for _, w := range words {
		if !strings.Contains(said, w) {
			c.t.Errorf("%s does not say %q:\n%s", check, w, said)
		}
	}
}

// frontend is a Temporal server as far as the doctor looks.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	namespaces map[string]string // name -> id
	key        string            // the API key that it wants; "" none
}

func (f *frontend) may(ctx context.Context) error {
	md, _ := metadata.FromIncomingContext(ctx)
	if said := md.Get("authorization"); f.key != "" && (len(said) == 0 || said[0] != "Bearer "+f.key) {
		return status.Error(codes.PermissionDenied, "Request unauthorized.")
	}
	return nil
}

func (f *frontend) GetSystemInfo(ctx context.Context, _ *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{}, f.may(ctx)
}

func (f *frontend) DescribeNamespace(ctx context.Context, r *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	if err := f.may(ctx); err != nil {
		return nil, err
	}
	id := f.namespaces[r.GetNamespace()]
	if id == "" {
		return nil, serviceerror.ToStatus(serviceerror.NewNamespaceNotFound(r.GetNamespace())).Err()
	}
	return &workflowservice.DescribeNamespaceResponse{NamespaceInfo: &namespacepb.NamespaceInfo{Id: id}}, nil
}

// serve runs it and answers its address.
func (f *frontend) serve(t *testing.T, o ...grpc.ServerOption) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(o...)
	workflowservice.RegisterWorkflowServiceServer(s, f)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l.Addr().String()
}

// answering is a provider that says one thing to everybody with the key "good",
// and refusal to others.
func answering(t *testing.T, says string, refusal int, refused string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		said := says
		if r.Header.Get("Authorization") != "Bearer good" && r.FormValue("token") != "good" {
			w.WriteHeader(refusal)
			said = refused
		}
		_, _ = w.Write([]byte(said))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func env(change func(*config.Environment)) (e config.Environment) {
	change(&e)
	return e
}
