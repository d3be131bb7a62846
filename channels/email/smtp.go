package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"holdfast"
)

// quitTimeout is how long a server may take to say goodbye once it has accepted.
const quitTimeout = 2 * time.Second

// SMTPConfig of a channel through any SMTP server.
type SMTPConfig struct {
	// URL is smtps://user:password@host:465 (TLS from the first byte) or
	// smtp://user:password@host:587 (STARTTLS, which the server must offer). Only a
	// loopback host is spoken to in the clear. The ports are those when left out;
	// ?helo=mail.example.com says who calls, where the machine's name will not do.
	URL     string
	Timeout time.Duration  // of one message; 0 is 30 s
	Roots   *x509.CertPool // who vouches for the server; nil: the system's
}

// SMTP sends through an SMTP server (RFC 5321), one connection a message. Safe
// for concurrent use.
type SMTP struct {
	host, user, password, helo string
	port                       int
	implicit, loopback         bool // TLS from the first byte; the server is this machine
	timeout                    time.Duration
	tls                        *tls.Config
	dial                       func(ctx context.Context, network, address string) (net.Conn, error)
}

// NewSMTP fails for an address that is none. Its errors do not show it: it holds
// a password.
func NewSMTP(cfg SMTPConfig) (*SMTP, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") || (u.Path != "" && u.Path != "/") {
		return nil, errors.New("the SMTP address must look like smtps://user:password@host:465 or smtp://user:password@host:587, with % codes for special letters")
	}
	c := &SMTP{host: u.Hostname(), port: 587, implicit: u.Scheme == "smtps", timeout: cfg.Timeout, helo: u.Query().Get("helo"), dial: (&net.Dialer{}).DialContext}
	if c.implicit {
		c.port = 465
	}
	if u.Port() != "" {
		if c.port, err = strconv.Atoi(u.Port()); err != nil || c.port < 1 || c.port > 65535 {
			return nil, errors.New("the port of the SMTP address is none")
		}
	}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	c.user = u.User.Username()
	c.password, _ = u.User.Password()
	ip := net.ParseIP(c.host)
	c.loopback = c.host == "localhost" || (ip != nil && ip.IsLoopback())
	c.tls = &tls.Config{ServerName: c.host, RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12}
	return c, nil
}

// Name is email.
func (c *SMTP) Name() string { return name }

// Loopback reports whether the server is this machine.
func (c *SMTP) Loopback() bool { return c.loopback }

// Deliver sends m once. The receipt carries its Message-ID, which is the same
// each time: SMTP has no key of its own by which a server knows a repetition.
//
// Until the dot that ends the message has left, nothing was accepted (RFC 5321,
// 4.1.1.4); from then until the server answers, anything may have been. A 4xx is
// a refusal for now and a 5xx for good.
func (c *SMTP) Deliver(ctx context.Context, m holdfast.Outbound) (holdfast.Receipt, error) {
	raw, id, err := wholeMail(m)
	if err != nil {
		return holdfast.Receipt{}, &holdfast.DeliveryError{Channel: name, Reason: "bad_message", Permanent: true, Err: err}
	}
	inner, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	s := &session{}
	defer s.hangUp()
	if err := s.open(inner, c); err != nil {
		return holdfast.Receipt{}, s.lost(ctx, inner, err)
	}
	if err := s.transfer(m.From.Email, m.To.Email, raw); err != nil {
		return holdfast.Receipt{}, s.lost(ctx, inner, err)
	}
	s.goodbye(ctx)
	return holdfast.Receipt{ProviderID: id, At: m.At}, nil
}

// stage is how far a session came: what a failure proves hangs on it.
type stage int

const (
	greeting  stage = iota // connecting, TLS, EHLO, AUTH
	sender                 // MAIL
	recipient              // RCPT
	content                // DATA and the message
	ended                  // the closing dot is handed to the network
)

// session is one connection for one message.
type session struct {
	wire   *wire
	client *smtp.Client
	stage  stage
}

// open connects, encrypts and logs in.
func (s *session) open(ctx context.Context, c *SMTP) error {
	dialer, err := gomail.NewClient(c.host, c.options(func(_ context.Context, network, address string) (net.Conn, error) {
		conn, err := c.dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		s.wire = &wire{Conn: conn}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		if !c.implicit {
			return s.wire, nil
		}
		secure := tls.Client(s.wire, c.tls)
		return secure, secure.HandshakeContext(ctx)
	})...)
	if err != nil {
		return err
	}
	s.client, err = dialer.DialToSMTPClientWithContext(ctx)
	return err
}

// options make a client of go-mail: one for each message, since it remembers in
// itself which AUTH it has found.
func (c *SMTP) options(dial gomail.DialContextFunc) []gomail.Option {
	policy, auth := gomail.TLSMandatory, []gomail.SMTPAuthType{
		gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5,
	}
	switch {
	case c.implicit:
		policy = gomail.NoTLS // it is there already
	case c.loopback:
		policy, auth = gomail.NoTLS, []gomail.SMTPAuthType{
			gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthCramMD5, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc,
		}
	}
	all := []gomail.Option{
		gomail.WithPort(c.port), gomail.WithTimeout(c.timeout), gomail.WithTLSConfig(c.tls), gomail.WithTLSPolicy(policy), gomail.WithDialContextFunc(dial),
	}
	if c.helo != "" {
		all = append(all, gomail.WithHELO(c.helo))
	}
	if c.user != "" {
		all = append(all, gomail.WithUsername(c.user), gomail.WithPassword(c.password), gomail.WithOpportunisticSMTPAuth(auth...))
	}
	return all
}

// transfer hands the message over. It drives the commands itself: go-mail's own
// Send says QUIT after a body that broke off, and that sends the closing dot, so
// that half a message is accepted.
func (s *session) transfer(from, to string, raw []byte) error {
	s.stage = sender
	if err := s.client.Mail("<" + from + ">"); err != nil {
		return err
	}
	s.stage = recipient
	if err := s.client.Rcpt("<" + to + ">"); err != nil {
		return err
	}
	s.stage = content
	body, err := s.client.Data()
	if err != nil {
		return err
	}
	if _, err := body.Write(raw); err != nil {
		return err
	}
	err = body.Close() // the dot, and the answer to it
	if !s.wire.cut.Load() {
		s.stage = ended
	}
	return err
}

// goodbye ends an accepted message's session; how it ends takes nothing back.
func (s *session) goodbye(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quitTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, s.hangUp)()
	_ = s.client.Quit()
}

// hangUp closes the connection without another word.
func (s *session) hangUp() {
	if s.wire != nil {
		_ = s.wire.Close()
	}
}

// wire is the connection below TLS. cut tells that a write did not go out whole:
// then neither did the dot that was in it.
type wire struct {
	net.Conn
	cut atomic.Bool
}

func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	if err != nil {
		w.cut.Store(true)
	}
	return n, err
}
