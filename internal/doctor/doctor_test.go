package doctor_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"holdfast/internal/clock"
	"holdfast/internal/config"
	"holdfast/internal/doctor"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/temporal"
)

func TestNothingIsWrongWithAHealthyDirectory(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	c.file()
	for _, f := range c.doctor.Examine(t.Context()) {
		if f.State == doctor.Wrong {
			t.Errorf("%+v", f)
		}
	}
	c.says("database", "ok: the file answers")
	c.says("project", "ok: ", "0 playbooks")
	c.says("doors", "note: the door for SendGrid's events is shut (set HOLDFAST_SENDGRID_EVENT_KEY)", "ok: 1 doors open")
}

func TestADirectoryThatIsNotThereIsNotMade(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	c.doctor.Dir = filepath.Join(c.doctor.Dir, "none")
	c.says("directory", "note: ", "is not there yet")
	if _, err := os.Stat(c.doctor.Dir); err == nil {
		t.Error("the doctor has made it")
	}
}

func TestADirectoryThatOthersEnter(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	if err := os.Chmod(c.doctor.Dir, 0o755); err != nil { //nolint:gosec // this is the fault
		t.Fatal(err)
	}
	c.says("directory", "wrong: other users of this machine may enter", "mode 0755", "(chmod 700 ")
}

func TestADiskThatIsFull(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	c.doctor.Space = func(string) (uint64, error) { return 12 << 20, nil }
	c.says("directory", "wrong: 12 MB are free", "make room")
	c.doctor.Space = func(string) (uint64, error) { return 1 << 30, nil }
	c.says("directory", "note: 1024 MB are free")
}

func TestASchemaThatIsNotOurs(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	path := c.file()
	c.schema(path, "3")
	c.says("database", "wrong: its schema is version 3, and this holdfast writes version", "start holdfast server once")
	c.says("database", "wrong: its schema is version 3") // looking has not changed it
	c.doctor.Env.Migrate = "off"
	c.says("database", "wrong: its schema is version 3", "then run holdfast migrate")
	c.schema(path, "99")
	c.says("database", "wrong: its schema is version 99, and this holdfast knows", "run the newer holdfast")
}

func TestADatabaseThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	c.doctor.Env.DatabaseURL = "postgres://holdfast:s3cret@127.0.0.1:1/holdfast"
	c.says("database", "wrong: open database holdfast at 127.0.0.1", "is it running, and is the address right?")
	if strings.Contains(c.of("database"), "s3cret") {
		t.Error("the password is shown")
	}
	c.doctor.Env.DatabaseURL = "mysql://127.0.0.1/holdfast"
	c.says("database", "write postgres://user:password@host:5432/database")
}

func TestPostgresWithAnotherTimeAndAWrongName(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	c := newClinic(t, "")
	c.doctor.Env.DatabaseURL = server.Database(t)
	c.says("database", "note: the database is empty", "holdfast server makes its tables")
	c.doctor.Env.Migrate = "off"
	c.says("database", "note: the database is empty", "holdfast migrate makes its tables")
	c.doctor.Env.Migrate = ""
	server.Exec(t, c.doctor.Env.DatabaseURL, "CREATE TABLE foo (n int)")
	c.says("database", "wrong: look at database", "schema public has table foo of another program", "(make a database for holdfast alone, or a schema")
	server.Exec(t, c.doctor.Env.DatabaseURL, "DROP TABLE foo")
	c.remember(func(store.Tx) error { return nil })
	c.says("database", "ok: the database answers")
	c.doctor.Clock = clock.NewVirtual(clock.System{}.Now().Add(-time.Hour))
	c.says("database", "wrong: this machine's clock and the database's differ by 1h0m0s", "NTP")
	c.doctor.Clock = clock.NewVirtual(clock.System{}.Now().Add(time.Hour))
	c.says("database", "differ by 1h0m0s")
	c.doctor.Env.DatabaseURL = strings.Replace(server.Address(), "postgres?", "nowhere?", 1)
	if c.doctor.Env.DatabaseURL == server.Address() {
		t.Fatalf("%s names no database", server.Address())
	}
	c.says("database", `database "nowhere" does not exist`)
}

func TestTemporalThatIsNotWhereItIsLookedFor(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	for address, words := range map[string]string{
		"127.0.0.1:1":                "nothing answers at 127.0.0.1:1",
		"temporal":                   "is no address",
		"temporal.invalid:7233":      "nothing answers at temporal.invalid:7233",
		web.Listener.Addr().String(): "is no Temporal server, or wants another kind of connection",
	} {
		c.doctor.Env.Temporal = config.Temporal{Address: address}
		c.says("temporal", "wrong: ", words)
	}
	c.doctor.Env.Temporal = config.Temporal{Namespace: "retention"}
	c.says("temporal", "wrong: ", "set HOLDFAST_TEMPORAL_ADDRESS")
	c.doctor.Env.Temporal = config.Temporal{Address: "127.0.0.1:1", TLSCert: "missing.pem"}
	c.says("temporal", "wrong: HOLDFAST_TEMPORAL_TLS_CERT: open missing.pem")
}

func TestANamespaceThatIsNotThereOrNotOurs(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	c.file()
	c.doctor.Env.Temporal = config.Temporal{Address: (&frontend{namespaces: map[string]string{"retention": "id-1", "other": "id-2"}}).serve(t), Namespace: "retention"}
	c.says("temporal", "ok: the cluster at ")
	c.doctor.Env.Temporal.Namespace = "retentoin"
	c.says("temporal", "wrong: the Temporal cluster has no namespace retentoin, as HOLDFAST_TEMPORAL_NAMESPACE says", "temporal operator namespace create --namespace retentoin")
	c.doctor.Env.Temporal.Namespace = ""
	c.says("temporal", "wrong: the Temporal cluster has no namespace holdfast, which is the one while HOLDFAST_TEMPORAL_NAMESPACE is not set")
	c.remember(func(tx store.Tx) error { return tx.MetaSet("engine", "id-1") })
	c.doctor.Env.Temporal.Namespace = "other"
	c.says("temporal", "wrong: the enrollments of this store run in another namespace (id-1) than this one (id-2)")
}

func TestATemporalThatWantsAKey(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	c.doctor.Env.Temporal = config.Temporal{Address: (&frontend{namespaces: map[string]string{"holdfast": "id"}, key: "good"}).serve(t)}
	c.says("temporal", "wrong: the cluster at ", "does not let us in", "set HOLDFAST_TEMPORAL_API_KEY")
	// A key goes over TLS alone, which this cluster does not speak.
	c.doctor.Env.Temporal.APIKey = "bad"
	c.says("temporal", "wrong: ")
}

func TestAnEngineThatLetsStrangersIn(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	c.says("ports", "note: the engine inside does not run")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	open := grpc.NewServer()
	go func() { _ = open.Serve(l) }()
	t.Cleanup(open.Stop)
	text, err := json.Marshal(map[string]string{"frontend": l.Addr().String(), "history": "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.doctor.Dir, "ports.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	held, err := temporal.OpenDir(c.doctor.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close() //nolint:errcheck // the test is over
	c.says("ports", "wrong: the port of the engine's frontend at "+l.Addr().String()+" answers callers without a certificate",
		"wrong: the port of the engine's history does not answer")
	c.says("directory", "a process runs it")
}

func TestKeysThatProvidersRefuse(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "channels: {email: sendgrid, slack: slack}\n")
	c.says("email", "wrong: e-mail goes through SendGrid, and HOLDFAST_SENDGRID_KEY is not set")
	c.says("slack", "wrong: messages go to Slack, and HOLDFAST_SLACK_TOKEN is not set")
	refusing := func(e *config.Environment) {
		e.SendGridKey, e.SendGridURL = "bad", answering(t, "", 401, `{"errors":[{"message":"authorization required"}]}`)
		e.SlackToken, e.SlackURL = "bad", answering(t, "", 200, `{"ok":false,"error":"invalid_auth"}`)
	}
	c.doctor.Env = env(refusing)
	c.says("email", "wrong: SendGrid does not take the key: status 401", "set HOLDFAST_SENDGRID_KEY")
	c.says("slack", "wrong: Slack does not take us: bad_credentials", "invalid_auth", "(install the app again")
	c.doctor.Env.SendGridKey, c.doctor.Env.SendGridURL = "good", answering(t, `{"scopes":["mail.send","suppression.read"]}`, 401, "")
	c.doctor.Env.SlackToken, c.doctor.Env.SlackURL = "good", answering(t, `{"ok":true,"team":"Ours"}`, 200, `{"ok":false,"error":"invalid_auth"}`)
	c.doctor.Env.SlackAppToken = "xoxb-1"
	c.says("email", "ok: SendGrid takes the key")
	c.says("slack", "ok: Slack takes the token", "wrong: HOLDFAST_SLACK_APP_TOKEN is not an app-level token")
	c.doctor.Env.SendGridURL = answering(t, `{"scopes":["user.read"]}`, 401, "")
	c.says("email", "wrong: the SendGrid key may not send mail")
	c.doctor.Env.SendGridURL = "http://127.0.0.1:1"
	c.says("email", "wrong: SendGrid could not be asked: ")
}

func TestAnSMTPServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "channels: {email: smtp}\n")
	c.says("email", "set HOLDFAST_SMTP_URL")
	c.doctor.Env.SMTPURL = "smtp://mailer:s3cret@127.0.0.1:1"
	c.says("email", "wrong: the SMTP server does not take us: ", "check host, port, user and password")
	if strings.Contains(c.of("email"), "s3cret") {
		t.Error("the password is shown")
	}
}

func TestAWebhookWithoutASecret(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "channels: {webhook: http}\nwebhooks: {crm: \"https://crm.example/in\"}\n")
	c.says("webhooks", "wrong: webhook crm has no secret", "set HOLDFAST_WEBHOOK_CRM_SECRET")
	c.doctor.Env.WebhookSecrets = map[string]string{"crm": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
	c.says("webhooks", "ok: all 1 webhooks have a secret")
}

func TestDoorsThatStayShut(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "channels: {email: sendgrid}\ninbound: reply.ours.example\n")
	c.file()
	c.doctor.Env.SendGridKey, c.doctor.Env.SendGridURL = "good", answering(t, `{"scopes":["mail.send","suppression.read"]}`, 401, "")
	c.says("doors", "wrong: the door for SendGrid's events is shut (set HOLDFAST_SENDGRID_EVENT_KEY)",
		"wrong: the door for SendGrid's Inbound Parse is shut (set HOLDFAST_SENDGRID_INBOUND_KEY)", "note: the door for Slack is shut")
	c.doctor.Env.SendGridInboundKey = "short"
	c.says("doors", "wrong: HOLDFAST_SENDGRID_INBOUND_KEY is no secret for an address", "openssl rand -hex 24")
	c.doctor.Env.SendGridEventKey = "not a key"
	c.says("doors", "wrong: HOLDFAST_SENDGRID_EVENT_KEY: ")
}

func TestAPublicAddressThatLeadsElsewhere(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "public_url: https://holdfast.ours.example\n")
	says := http.StatusNotFound
	ours := true
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if ours {
			w.Header().Set("X-Robots-Tag", "noindex, nofollow")
		}
		w.WriteHeader(says)
	}))
	t.Cleanup(web.Close)
	client := web.Client() // its transport knows the certificate
	transport := client.Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.ServerName = "example.com" // the name in it
	transport.DialContext = nil
	transport.DialTLSContext = nil
	transport.Proxy = nil
	client.Transport = to{web.Listener.Addr().String(), transport}
	c.doctor.HTTP = client
	c.says("address", "ok: https://holdfast.ours.example can be reached")
	says, ours = http.StatusOK, false
	c.says("address", "wrong: what answers at https://holdfast.ours.example/u/doctor is not holdfast")
	says = http.StatusBadGateway
	c.says("address", "wrong: https://holdfast.ours.example/u/doctor answers 502 Bad Gateway", "holdfast server --public")
	web.Close()
	c.says("address", "wrong: https://holdfast.ours.example cannot be reached from here", "connection refused")
}

// to sends every request to one address, whatever host it names.
type to struct {
	address string
	through http.RoundTripper
}

func (t to) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Host = t.address
	return t.through.RoundTrip(r)
}

func TestAProjectWithAMistake(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "timezone: Europe/Berlni\n")
	c.says("project", "wrong: ", "holdfast lint")
	c.doctor.Project = ""
	c.says("project", "note: no project was named")
	c.file()
	c.says("project", "note: no release is in force")
}
