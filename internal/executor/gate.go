package executor

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"sync/atomic"
)

// errNotBegun says that nothing of the work has left the node, since it was no longer trusted at the last moment.
var errNotBegun = errors.New("the work did not begin")

// gatedConn asks, once it is armed, right before the next write whether the work may begin. It is armed when the
// connection stands, so that the write is that of the request.
type gatedConn struct {
	net.Conn
	mayBegin atomic.Pointer[func() bool] // nil: there is nothing to ask
}

func (c *gatedConn) Write(p []byte) (int, error) {
	if mayBegin := c.mayBegin.Swap(nil); mayBegin != nil && !(*mayBegin)() {
		return 0, errNotBegun
	}
	return c.Conn.Write(p)
}

// dialGated is the DialContext of transport.
func dialGated(dialer *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &gatedConn{Conn: conn}, nil
	}
}

// withGate lets a request that is sent under the context ask mayBegin, as the last thing before it is written.
func withGate(ctx context.Context, mayBegin func() bool) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		conn := info.Conn
		if t, ok := conn.(*tls.Conn); ok {
			conn = t.NetConn()
		}
		if c, ok := conn.(*gatedConn); ok {
			c.mayBegin.Store(&mayBegin)
		}
	}})
}
