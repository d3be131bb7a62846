package doctor_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"holdfast/channels/standin"
	"holdfast/internal/config"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/temporal"
)

func TestADatabaseThatDoesNotLetUsIn(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	walled := server.User(t, "walled", "s3cret")
	withPassword := func(address, password string) string {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword(u.User.Username(), password)
		return u.String()
	}
	c := newClinic(t, "")
	for address, words := range map[string][]string{
		withPassword(walled, "wr0ng-s3cret"):                                                     {`wrong: open database postgres at 127.0.0.1: `, `password authentication failed for user "walled"`, "check the user and the password"},
		strings.Replace(server.Address(), "holdfast@", "nobody-here@", 1):                        {`role "nobody-here" does not exist`, "check the user and the password"},
		strings.Replace(withPassword(walled, "s3cret"), "/postgres?", "/n0where?", 1):            {`database "n0where" does not exist`, "make the database, or name one that is there"},
		"postgres://holdfast:s3cret@127.0.0.1:1/holdfast":                                        {"connection refused", "is it running, and is the address right?"},
		"postgres://holdfast:s3cret@postgres.invalid/holdfast":                                   {"wrong: open database holdfast at postgres.invalid: ", "is it running, and is the address right?"},
		strings.Replace(withPassword(walled, "s3cret"), "sslmode=disable", "sslmode=require", 1): {"refused TLS", "is it running, and is the address right?"},
	} {
		c.doctor.Env.DatabaseURL = address
		c.says("database", append(words, ", as HOLDFAST_DATABASE_URL says (")...)
		c.keepsTo("s3cret", "wr0ng")
	}
	c.doctor.Env.DatabaseURL = withPassword(walled, "s3cret")
	c.says("database", "note: the database is empty")
}

func TestASchemaOfPostgresThatIsNotOurs(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	c := newClinic(t, "")
	c.doctor.Env.DatabaseURL = server.Database(t)
	c.remember(func(store.Tx) error { return nil })
	server.Exec(t, c.doctor.Env.DatabaseURL, "UPDATE holdfast_schema SET version = 3")
	c.says("database", "wrong: its schema is version 3, and this holdfast writes version", "back it up, stop every older holdfast")
	c.says("database", "wrong: its schema is version 3") // looking has not changed it
	server.Exec(t, c.doctor.Env.DatabaseURL, "UPDATE holdfast_schema SET version = 999")
	c.says("database", "wrong: its schema is version 999, and this holdfast knows", "run the newer holdfast, or restore the backup")
}

// Keys for Temporal's histories, of 32 bytes each.
const (
	keyA      = "a:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
	keyB      = "b:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="
	keyAOther = "a:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="
)

func TestAPayloadKeyThatDoesNotOpen(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	c.file()
	keys, err := temporal.ParsePayloadKeys([]string{keyA})
	if err != nil {
		t.Fatal(err)
	}
	inUse, err := json.Marshal(map[string]string{"a": keys.Sum("a")})
	if err != nil {
		t.Fatal(err)
	}
	c.remember(func(tx store.Tx) error { return tx.MetaSet("payload_keys", string(inUse)) }) // as a server writes it down
	for _, tc := range []struct {
		keys  []string
		words []string
	}{
		{[]string{keyB, keyA}, []string{"ok: HOLDFAST_PAYLOAD_KEYS has every key that is in use, and b encrypts"}},
		{[]string{keyAOther}, []string{"wrong: key a of HOLDFAST_PAYLOAD_KEYS is not the key that it was", "(put the old one back, and give the new one an id of its own)"}},
		{[]string{keyB}, []string{"note: HOLDFAST_PAYLOAD_KEYS lacks key a, with which histories of running enrollments may be encrypted", "(put it back, behind the others"}},
		{nil, []string{"note: HOLDFAST_PAYLOAD_KEYS lacks key a"}},
		{[]string{"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="}, []string{"wrong: key 1 of HOLDFAST_PAYLOAD_KEYS has no id before a colon", "openssl rand -base64 32"}},
		{[]string{keyA, "b:QkJC"}, []string{"wrong: key 2 of HOLDFAST_PAYLOAD_KEYS (b) has 3 bytes; a key has 32"}},
		{[]string{"a:not base64"}, []string{"wrong: key 1 of HOLDFAST_PAYLOAD_KEYS (a) is not base64"}},
	} {
		c.doctor.Env.PayloadKeys = tc.keys
		c.says("payloads", tc.words...)
		c.keepsTo("QUFBQ", "QkJC", "not base64\"")
	}
}

func TestCertificatesThatTemporalRefuses(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t), newAuthority(t)
	address := (&frontend{namespaces: map[string]string{"holdfast": "id"}}).serve(t, grpc.Creds(credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{ours.pair}, ClientCAs: ours.pool(), ClientAuth: tls.RequireAndVerifyClientCert,
	})))
	c := newClinic(t, "")
	for name, tc := range map[string]struct {
		with  config.Temporal
		words []string
	}{
		"as it wants":           {config.Temporal{TLSCA: ours.ca, TLSCert: ours.cert, TLSKey: ours.key}, []string{"ok: the cluster at "}},
		"another CA":            {config.Temporal{TLSCA: theirs.ca, TLSCert: ours.cert, TLSKey: ours.key}, []string{"wrong: the certificates do not fit at ", "x509", "set HOLDFAST_TEMPORAL_TLS_CA to who signed the server's certificate"}},
		"no certificate":        {config.Temporal{TLSCA: ours.ca}, []string{"wrong: the certificates do not fit at ", "certificate required", "HOLDFAST_TEMPORAL_TLS_CERT and _KEY to one that it trusts"}},
		"another's certificate": {config.Temporal{TLSCA: ours.ca, TLSCert: theirs.cert, TLSKey: theirs.key}, []string{"wrong: the certificates do not fit at ", "certificate", "HOLDFAST_TEMPORAL_TLS_CERT and _KEY to one that it trusts"}},
		"plain text":            {config.Temporal{}, []string{"wrong: what answers at ", "whether it wants TLS (HOLDFAST_TEMPORAL_TLS_CA)"}},
		"half a pair":           {config.Temporal{TLSCA: ours.ca, TLSCert: ours.cert}, []string{"wrong: HOLDFAST_TEMPORAL_TLS_CERT and HOLDFAST_TEMPORAL_TLS_KEY belong together; one of them is set"}},
		"another's key":         {config.Temporal{TLSCA: ours.ca, TLSCert: ours.cert, TLSKey: theirs.key}, []string{"wrong: the client's certificate for Temporal: ", "(set HOLDFAST_TEMPORAL_TLS_CERT and HOLDFAST_TEMPORAL_TLS_KEY to a certificate and its key)"}},
		"no PEM":                {config.Temporal{TLSCA: ours.empty}, []string{"wrong: HOLDFAST_TEMPORAL_TLS_CA holds no certificate in PEM"}},
	} {
		c.doctor.Env.Temporal = tc.with
		c.doctor.Env.Temporal.Address = address
		t.Log(name)
		c.says("temporal", tc.words...)
		c.keepsTo("PRIVATE KEY")
	}
}

func TestKeysThatTheStandInRefuses(t *testing.T) {
	t.Parallel()
	pair, err := standin.Start(t.Context(), standin.Options{Workspace: standin.SlackOptions{Token: "xoxb-s3cret"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pair.Close() })
	c := newClinic(t, "channels: {email: sendgrid, slack: slack}\n")
	c.doctor.Env = env(func(e *config.Environment) {
		e.SendGridKey, e.SendGridURL = "SG.s3cret", pair.SendGridURL
		e.SlackToken, e.SlackURL = "xoxb-s3cret", pair.SlackURL
	})
	c.says("email", "ok: SendGrid takes the key")
	c.says("slack", "ok: Slack takes the token")
	pair.SendGrid.Suppressions.Plan.Queue(standin.Unauthorized)
	c.doctor.Env.SlackToken = "xoxb-an0ther-s3cret"
	said := c.all()
	for _, words := range []string{
		"wrong: SendGrid does not take the key: status 401 (make a key with the right mail.send, and set HOLDFAST_SENDGRID_KEY)",
		"wrong: Slack does not take us: bad_credentials: check the Slack bot token and its scopes: invalid_auth (install the app again, and set HOLDFAST_SLACK_TOKEN",
	} {
		if !strings.Contains(said, words) {
			t.Errorf("nothing says %q:\n%s", words, said)
		}
	}
	if strings.Contains(said, "s3cret") {
		t.Errorf("a key is shown:\n%s", said)
	}
}

// all is everything that the doctor says, with why.
func (c *clinic) all() string {
	c.t.Helper()
	var said []string
	for _, f := range c.doctor.Examine(c.t.Context()) {
		said = append(said, string(f.State)+": "+f.What+" ("+f.Fix+") "+f.Why)
	}
	return strings.Join(said, "\n")
}

// keepsTo fails when anything that the doctor says has one of these secrets.
func (c *clinic) keepsTo(secrets ...string) {
	c.t.Helper()
	said := c.all()
	for _, secret := range secrets {
		if strings.Contains(said, secret) {
			c.t.Errorf("a secret, %q, is shown:\n%s", secret, said)
		}
	}
}

// authority signs one certificate, for 127.0.0.1, which server and client show.
type authority struct {
	root          *x509.Certificate
	pair          tls.Certificate
	ca, cert, key string // files
	empty         string // a file without PEM
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	sign := func(tpl, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if by == nil {
			parent, by = tpl, key
		}
		der, err := x509.CreateCertificate(rand.Reader, tpl, parent, &key.PublicKey, by)
		if err != nil {
			t.Fatal(err)
		}
		made, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return made, key
	}
	from, to := time.Unix(0, 0), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	root, rootKey := sign(&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: rand.Text()}, NotBefore: from, NotAfter: to, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, nil)
	leaf, leafKey := sign(&x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: from, NotAfter: to, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, root, rootKey)
	der, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{root: root, pair: tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: leafKey}}
	dir := t.TempDir()
	for path, text := range map[*string][]byte{
		&a.ca:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}),
		&a.cert:  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw}),
		&a.key:   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		&a.empty: nil,
	} {
		*path = filepath.Join(dir, rand.Text()+".pem")
		if err := os.WriteFile(*path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return a
}
