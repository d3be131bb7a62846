package doctor_test

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/internal/doctor"
)

// A server may refuse a certificate after the client has shaken hands, and says why to
// those who listen.
func TestAServerIsHeardBeforeItIsWrittenTo(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t)
	for name, tc := range map[string]struct {
		then  func(t *testing.T, conn *tls.Conn)
		wants tls.ClientAuthType
		most  uint16 // version of TLS
		mute  bool
		said  string
		took  time.Duration
	}{
		"it judges late":               {wants: tls.RequireAndVerifyClientCert, said: "certificate required"},
		"it judges in the handshake":   {wants: tls.RequireAndVerifyClientCert, most: tls.VersionTLS12, said: "handshake failure"},
		"it speaks first":              {then: func(t *testing.T, c *tls.Conn) { write(t, c) }},
		"it waits to be spoken to":     {then: hears, took: 2 * time.Second},
		"it hangs up and says nothing": {then: func(*testing.T, *tls.Conn) {}},
		"it never shakes hands":        {mute: true, took: 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				go func() {
					defer server.Close() //nolint:errcheck // a pipe
					if tc.mute {
						_, _ = io.Copy(io.Discard, server)
						return
					}
					conn := tls.Server(server, &tls.Config{
						MinVersion: tls.VersionTLS12, MaxVersion: tc.most, Certificates: []tls.Certificate{ours.pair},
						ClientCAs: ours.pool(), ClientAuth: tc.wants, NextProtos: []string{"h2"}, SessionTicketsDisabled: true,
					})
					if err := conn.HandshakeContext(t.Context()); err == nil && tc.then != nil {
						tc.then(t, conn)
					}
				}()
				began := time.Now()
				err := doctor.Misfit(t.Context(), client, "127.0.0.1", &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: ours.pool()})
				if took := time.Since(began); took != tc.took {
					t.Errorf("it took %s, want %s", took, tc.took)
				}
				if (err == nil) != (tc.said == "") || err != nil && !strings.Contains(err.Error(), tc.said) {
					t.Errorf("got %v, want %q", err, tc.said)
				}
				_ = client.Close()
				synctest.Wait()
			})
		})
	}
}

func write(t *testing.T, conn *tls.Conn) {
	t.Helper()
	if _, err := conn.Write([]byte("settings")); err != nil {
		t.Error(err)
	}
}

// hears fails when anything is written to conn.
func hears(t *testing.T, conn *tls.Conn) {
	t.Helper()
	if n, _ := conn.Read(make([]byte, 1)); n > 0 {
		t.Error("it was written to")
	}
}
