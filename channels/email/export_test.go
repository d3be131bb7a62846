package email

import (
	"context"
	"net"
)

// DialTo lets c reach addr whatever host its URL names, so that a loopback server
// can stand for one on the internet. Little room for what leaves shows early that
// nobody takes it.
func (c *SMTP) DialTo(addr string) {
	c.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if tcp, ok := conn.(*net.TCPConn); ok {
			err = tcp.SetWriteBuffer(8 << 10)
		}
		return conn, err
	}
}
