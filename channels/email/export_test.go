package email

import (
	"context"
	"net"
)

// DialTo lets c reach addr whatever host its URL names, so that a loopback server
// can stand for one on the internet.
func (c *SMTP) DialTo(addr string) {
	c.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
}
