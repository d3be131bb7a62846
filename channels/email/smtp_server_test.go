package email_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"holdfast/channels/standin"
)

// The mishaps of SMTP: what goes wrong, and at which command.
const (
	busyAtMail      standin.Fault = "421 at MAIL"
	limitedAtMail   standin.Fault = "rate_limited" // 450
	greyAtRcpt      standin.Fault = "451 at RCPT"
	nobodyAtRcpt    standin.Fault = "550 5.1.1 at RCPT"
	policyAtRcpt    standin.Fault = "550 5.7.1 at RCPT"
	cutAtRcpt       standin.Fault = "connection cut at RCPT"
	cutInBody       standin.Fault = "connection cut in the body"
	fullAfterBody   standin.Fault = "452 after the dot"
	spamAfterBody   standin.Fault = "554 after the dot"
	hugeAfterBody   standin.Fault = "552 after the dot"
	cutAfterBody    standin.Fault = "connection cut after the dot, accepted"
	lostAfterBody   standin.Fault = "connection cut after the dot, not accepted"
	silentAfterBody standin.Fault = "accepted, never answered"
	halfAfterBody   standin.Fault = "accepted, the answer breaks off"
)

// arrived is one message as a server took it in.
type arrived struct {
	from string
	to   []string
	raw  []byte
	tls  bool
	user string
}

// smtpServer takes messages in on a loopback address, by go-smtp.
type smtpServer struct {
	addr  string
	roots *x509.CertPool // that vouch for it

	mu     sync.Mutex
	faults []standin.Fault
	got    []arrived
	taken  chan struct{} // one for each message, up to many
	closed chan struct{}
}

// smtpKind is how a server is spoken to.
type smtpKind int

const (
	clear    smtpKind = iota // no TLS at all
	starttls                 // TLS by STARTTLS
	implicit                 // TLS from the first byte
)

const smtpUser, smtpPassword = "postbox-user", "s3cret/pass word"

func serveSMTP(t *testing.T, kind smtpKind) *smtpServer {
	t.Helper()
	s := &smtpServer{taken: make(chan struct{}, 1000), closed: make(chan struct{})}
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		_, secure := c.TLSConnectionState()
		return &smtpSession{s: s, conn: c, m: arrived{tls: secure}}, nil
	}))
	server.Domain, server.ErrorLog, server.AllowInsecureAuth, server.MaxMessageBytes = "mx.test", slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), kind == clear, 64<<20
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	l = narrow{l}
	if kind != clear {
		var config *tls.Config
		config, s.roots = certificate(t, "mx.test")
		if server.TLSConfig = config; kind == implicit {
			l = tls.NewListener(l, config)
		}
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() {
		close(s.closed)
		_ = server.Close()
	})
	return s
}

// narrow listens with little room for what comes, so that a message need not be
// huge for its sender to see a server leave in the middle of it.
type narrow struct{ net.Listener }

func (n narrow) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		err = errors.Join(err, tcp.SetReadBuffer(8<<10))
	}
	return c, err
}

// certificate for a host, and the pool that trusts it.
func certificate(t *testing.T, host string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, pool
}

func (s *smtpServer) queue(faults ...standin.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

func (s *smtpServer) messages() []arrived {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]arrived(nil), s.got...)
}

var touchLine = regexp.MustCompile(`(?m)^X-Holdfast-Touch: (\S+)\r$`)

// accepted is how often a touch was taken in.
func (s *smtpServer) accepted(touch string) (n int) {
	for _, m := range s.messages() {
		if found := touchLine.FindSubmatch(m.raw); found != nil && string(found[1]) == touch {
			n++
		}
	}
	return n
}

// smtpSession plays the first queued fault when its command comes.
type smtpSession struct {
	s     *smtpServer
	conn  *gosmtp.Conn
	m     arrived
	fault standin.Fault
}

func (c *smtpSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *smtpSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != smtpUser || password != smtpPassword {
			return &gosmtp.SMTPError{Code: 535, EnhancedCode: gosmtp.EnhancedCode{5, 7, 8}, Message: "no such user as " + user}
		}
		c.m.user = user
		return nil
	}), nil
}

func (c *smtpSession) Mail(from string, _ *gosmtp.MailOptions) error {
	c.s.mu.Lock()
	if len(c.s.faults) > 0 {
		c.fault, c.s.faults = c.s.faults[0], c.s.faults[1:]
	}
	c.s.mu.Unlock()
	c.m.from = from
	switch c.fault { //nolint:exhaustive // the faults of this command
	case busyAtMail:
		return &gosmtp.SMTPError{Code: 421, EnhancedCode: gosmtp.EnhancedCode{4, 3, 2}, Message: "going down"}
	case limitedAtMail:
		return &gosmtp.SMTPError{Code: 450, EnhancedCode: gosmtp.EnhancedCode{4, 7, 1}, Message: "slow down"}
	}
	return nil
}

func (c *smtpSession) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	c.m.to = append(c.m.to, to)
	switch c.fault { //nolint:exhaustive // the faults of this command
	case greyAtRcpt:
		return &gosmtp.SMTPError{Code: 451, EnhancedCode: gosmtp.EnhancedCode{4, 7, 1}, Message: "<" + to + ">: greylisted"}
	case nobodyAtRcpt:
		return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "<" + to + ">: nobody here"}
	case policyAtRcpt:
		return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 7, 1}, Message: "<" + to + ">: not from you"}
	case cutAtRcpt:
		c.cut()
	}
	return nil
}

func (c *smtpSession) Data(r io.Reader) error {
	if c.fault == cutInBody {
		_, err := io.ReadFull(r, make([]byte, 10))
		c.cut()
		return err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	c.m.raw = raw
	switch c.fault { //nolint:exhaustive // the faults of this moment
	case fullAfterBody:
		return &gosmtp.SMTPError{Code: 452, EnhancedCode: gosmtp.EnhancedCode{4, 3, 1}, Message: "disk full"}
	case spamAfterBody:
		return &gosmtp.SMTPError{Code: 554, EnhancedCode: gosmtp.EnhancedCode{5, 7, 1}, Message: "we do not like it"}
	case hugeAfterBody:
		return &gosmtp.SMTPError{Code: 552, EnhancedCode: gosmtp.EnhancedCode{5, 3, 4}, Message: "too big"}
	case lostAfterBody:
		c.cut()
		return errors.New("lost")
	}
	c.s.mu.Lock()
	c.s.got = append(c.s.got, c.m)
	c.s.mu.Unlock()
	c.s.taken <- struct{}{}
	switch c.fault { //nolint:exhaustive // the faults of this moment
	case silentAfterBody:
		<-c.s.closed
	case halfAfterBody:
		_, _ = io.WriteString(c.conn.Conn(), "25")
		c.cut()
	case cutAfterBody:
		c.cut()
	}
	return nil
}

// cut resets the connection, as a dying host does.
func (c *smtpSession) cut() {
	conn := c.conn.Conn()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func (c *smtpSession) Reset()        { c.fault, c.m.to = "", nil }
func (c *smtpSession) Logout() error { return nil }
