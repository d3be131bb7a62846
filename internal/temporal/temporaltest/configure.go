package temporaltest

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
)

// module is the server, at the version that go.mod pins.
const module = "go.temporal.io/server"

// build makes one of the module's binaries and keeps it for the next time: linking
// takes seconds even when all is compiled.
func build(t testing.TB, name, from string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}}", module).Output()
	if err != nil {
		t.Fatalf("which version of %s: %v", module, err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cache, "holdfast-test", "temporal-"+name+"-"+strings.TrimSpace(string(out)))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	fresh := fmt.Sprintf("%s.%d", path, os.Getpid())
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", fresh, module+"/"+from).CombinedOutput(); err != nil {
		t.Fatalf("build Temporal's %s: %v\n%s", name, err, out)
	}
	if err := os.Rename(fresh, path); err != nil { // in one step, for tests beside this one
		t.Fatal(err)
	}
	return path
}

// stores are where a server keeps what it keeps: a file, or two databases.
type stores struct {
	File             string // beside its configuration
	Main, Visibility *url.URL
}

// schema makes Temporal's tables in a database.
func schema(t testing.TB, address, name string) *url.URL {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	tool := build(t, "sql-tool", "cmd/tools/sql")
	for _, args := range [][]string{{"setup-schema", "-v", "0.0"}, {"update-schema", "--schema-name", "postgresql/v12/" + name}} {
		args = append([]string{"--plugin", "postgres12_pgx", "--ep", at.Hostname(), "-p", at.Port(), "-u", at.User.Username(), "--db", strings.TrimPrefix(at.Path, "/"), "--ca", at.RawQuery}, args...)
		if out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput(); err != nil {
			t.Fatalf("make temporal's tables: %v\n%s", err, out)
		}
	}
	return at
}

// configure writes config.yaml: each service on ports of its own.
func (s *Server) configure(t testing.TB, in stores, port func(testing.TB) int) {
	t.Helper()
	var ports [8]int
	for i := range ports {
		ports[i] = port(t)
	}
	s.address = fmt.Sprintf("127.0.0.1:%d", ports[0])
	var text bytes.Buffer
	if err := template.Must(template.New("").Parse(config)).Execute(&text, map[string]any{"Dir": s.dir, "In": in, "Ports": ports}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "config.yaml"), text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

const config = `log: {stdout: true, level: warn}
persistence:
  defaultStore: main
  visibilityStore: {{if .In.File}}main{{else}}visibility{{end}}
  numHistoryShards: {{if .In.File}}1{{else}}4{{end}}
  datastores:
{{- if .In.File}}
    main:
      sql:
        pluginName: sqlite
        databaseName: "{{.Dir}}/{{.In.File}}"
        connectAddr: localhost
        connectProtocol: tcp
        connectAttributes: {cache: private, mode: rwc, setup: "true", journal_mode: wal, synchronous: "2", busy_timeout: "10000"}
        maxConns: 1
        maxIdleConns: 1
{{- else}}
    main: {sql: {pluginName: postgres12_pgx, databaseName: "{{slice .In.Main.Path 1}}", connectAddr: "{{.In.Main.Host}}", connectProtocol: tcp, user: "{{.In.Main.User.Username}}", connectAttributes: {sslmode: disable}, maxConns: 10, maxIdleConns: 10}}
    visibility: {sql: {pluginName: postgres12_pgx, databaseName: "{{slice .In.Visibility.Path 1}}", connectAddr: "{{.In.Visibility.Host}}", connectProtocol: tcp, user: "{{.In.Visibility.User.Username}}", connectAttributes: {sslmode: disable}, maxConns: 5, maxIdleConns: 5}}
{{- end}}
global:
  membership: {maxJoinDuration: 30s, broadcastAddress: 127.0.0.1}
services:
  frontend: {rpc: {grpcPort: {{index .Ports 0}}, membershipPort: {{index .Ports 1}}, bindOnLocalHost: true}}
  matching: {rpc: {grpcPort: {{index .Ports 2}}, membershipPort: {{index .Ports 3}}, bindOnLocalHost: true}}
  history: {rpc: {grpcPort: {{index .Ports 4}}, membershipPort: {{index .Ports 5}}, bindOnLocalHost: true}}
  worker: {rpc: {grpcPort: {{index .Ports 6}}, membershipPort: {{index .Ports 7}}, bindOnLocalHost: true}}
clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active: {enabled: true, initialFailoverVersion: 1, rpcName: frontend, rpcAddress: "127.0.0.1:{{index .Ports 0}}"}
dcRedirectionPolicy: {policy: noop}
archival: {history: {state: disabled}, visibility: {state: disabled}}
publicClient: {hostPort: "127.0.0.1:{{index .Ports 0}}"}
`
