package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"time"

	"holdfast/internal/clock"
)

// Bounds of a look at what a TLS server says. Whatever takes longer is left to the
// client, whose call it delays.
const (
	shakeWithin = 5 * time.Second
	judgeWithin = 2 * time.Second // a round trip is enough
)

// aboutCertificates are the alerts with which a server refuses a client's certificate,
// or that there is none (RFC 8446, section 6.2; 40 is what many say in TLS 1.2).
var aboutCertificates = []tls.AlertError{40, 42, 43, 44, 45, 46, 48, 49, 51, 116}

// misfit shakes hands on conn with the server of host, and says how the certificates
// of the two do not fit; nil is all else, also a server that speaks no TLS. Nothing can
// be done with conn afterwards.
//
// In TLS 1.3 the client's part of the handshake is over before the server has judged
// the client's certificate (RFC 8446, section 4.4.2.4). A client that writes by then
// may find the connection gone, and never read why. So this one only listens. A server
// of HTTP/2 speaks first, or waits for a preface, which it does not get here.
func misfit(ctx context.Context, conn net.Conn, host string, conf *tls.Config) error {
	conf = conf.Clone()
	conf.NextProtos = []string{"h2"}
	if conf.ServerName == "" {
		conf.ServerName = host
	}
	ctx, cancel := context.WithTimeout(ctx, shakeWithin)
	defer cancel()
	secure := tls.Client(conn, conf)
	err := secure.HandshakeContext(ctx)
	if err == nil {
		if err = conn.SetReadDeadline(clock.System{}.Now().Add(judgeWithin)); err == nil {
			_, err = secure.Read(make([]byte, 1))
		}
	}
	if ofCertificates(err) {
		return err
	}
	return nil
}

// ofCertificates reports whether err of a TLS connection is about the certificate of
// one of its sides.
func ofCertificates(err error) bool {
	if _, theirs := errors.AsType[*tls.CertificateVerificationError](err); theirs {
		return true
	}
	said, ok := errors.AsType[*net.OpError](err)
	return ok && said.Op == "remote error" && slices.ContainsFunc(aboutCertificates, func(a tls.AlertError) bool {
		return said.Err.Error() == a.Error() // the type of said.Err is crypto/tls's own
	})
}
