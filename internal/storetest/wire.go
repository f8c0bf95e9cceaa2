package storetest

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/pgdue/pgdue/internal/store"
)

// Wire carries a Store's connections to the server, and cuts one of them when told to: before a request reaches the
// server, or after its reply was sent and before it is received. In both cases the client has sent its request and gets
// no answer, so it cannot tell the one from the other. Or it lets connections fall silent, as a network does that loses
// every packet: they stay open, and nothing more arrives at either end.
type Wire struct {
	mu      sync.Mutex
	conns   []net.Conn
	silent  int // the first so many of conns are silent
	request []byte
	after   bool
	cuts    int
	hold    *Hold
}

// Hold is a request that is kept from the server, as by a process that is frozen before it sends.
type Hold struct {
	// Reached is closed when the request is about to be sent.
	Reached chan struct{}
	goOn    chan struct{}
}

// Release lets the request go on.
func (h *Hold) Release() { close(h.goOn) }

// commit is how pgx sends COMMIT: alone, by the simple protocol.
const commit = "commit\x00"

// CutCommitBefore loses the next COMMIT: it fails and nothing is persisted.
func (w *Wire) CutCommitBefore() { w.arm(commit, false) }

// CutCommitAfter loses the reply to the next COMMIT: it fails although everything is persisted.
func (w *Wire) CutCommitAfter() { w.arm(commit, true) }

// HoldCommit holds the next COMMIT until it is released.
func (w *Wire) HoldCommit() *Hold {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hold = &Hold{make(chan struct{}), make(chan struct{})}
	return w.hold
}

// Silence lets all connections that are open fall silent. Later ones are well.
func (w *Wire) Silence() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = len(w.conns)
}

// Break closes the connections that are silent.
func (w *Wire) Break() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range w.conns[:w.silent] {
		conn.Close()
	}
}

func (w *Wire) isSilent(c *wireConn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return c.number <= w.silent
}

func (w *Wire) arm(request string, after bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.request, w.after = []byte(request), after
}

// Cuts counts the connections that were cut.
func (w *Wire) Cuts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cuts
}

// Open returns a Store on the database at url whose connections this wire carries, closed when the test ends.
func (w *Wire) Open(t testing.TB, url string) *store.Store {
	t.Helper()
	config := Config(t, url)
	dial := config.ConnConfig.DialFunc
	config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return w.carry(conn), nil
	}
	s, err := store.OpenConfig(t.Context(), config, store.Access{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func (w *Wire) carry(conn net.Conn) *wireConn {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns = append(w.conns, conn)
	return &wireConn{Conn: conn, wire: w, number: len(w.conns)}
}

// take says whether this request is the one to cut, and disarms the wire if it is.
func (w *Wire) take(request []byte) (cut, after bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.request == nil || !bytes.Contains(request, w.request) {
		return false, false
	}
	w.request = nil
	w.cuts++
	return true, w.after
}

// await holds the request if it is the one to hold.
func (w *Wire) await(request []byte) {
	w.mu.Lock()
	h := w.hold
	if h == nil || !bytes.Contains(request, []byte(commit)) {
		w.mu.Unlock()
		return
	}
	w.hold = nil
	w.mu.Unlock()
	close(h.Reached)
	<-h.goOn
}

// wireConn is one connection over a wire.
type wireConn struct {
	net.Conn
	wire   *Wire
	number int // from 1

	mu     sync.Mutex
	doomed bool // the reply on its way is not to be received
}

func (c *wireConn) Write(request []byte) (int, error) {
	if c.wire.isSilent(c) {
		return len(request), nil // to the client it looks sent
	}
	c.wire.await(request)
	cut, after := c.wire.take(request)
	if !cut {
		return c.Conn.Write(request)
	}
	if !after {
		return len(request), c.Conn.Close() // to the client it looks sent
	}
	c.mu.Lock()
	c.doomed = true
	c.mu.Unlock()
	return c.Conn.Write(request)
}

// Read asks whether the reply is doomed when it has come: where a write was slow, pgx reads in the background, and
// waits for the reply before it is asked for.
func (c *wireConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || !c.doomed {
		return n, err
	}
	c.Conn.Close() // the server has answered: it has done what was asked
	return 0, io.ErrUnexpectedEOF
}
