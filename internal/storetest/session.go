package storetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// A session costs the server some 35 ms of work, and more until it has read the catalog, so those of a borrowed
// database are kept. A client that dials gets a guest, which answers its startup message as the server would, and puts
// it through to a session that began with the same message. When the client says goodbye, the session forgets it by
// DISCARD ALL and is parked for the next one; this happens before the client's Close returns, so that its locks are
// gone by then. A session is not used again, but closed, where its client leaves in any other way, where it is not at
// rest, and where somebody has tried to cancel what it does.

// guest is a client's connection. Until the client has sent the first message it is connected to nothing.
type guest struct {
	ctx      context.Context // of the dialing
	database *database
	dial     func(context.Context) (net.Conn, error) // to the server itself

	mu       sync.Mutex
	conn     net.Conn // to the server, nil before the first message
	deadline time.Time
	closed   bool
	session  *pgconn.HijackedConn // behind conn; nil where the client speaks to the server itself
	key      string               // its place in database.parked
	greeting []byte               // what is left to read of the answer to the startup message
	atRest   bool                 // what the client read last says that the session waits, outside a transaction
	leaving  bool                 // the client has said goodbye while it was at rest
	reading  atomic.Int32         // pgx may read in the background, also when it leaves
	spoiled  bool                 // somebody has cancelled; guarded by the database's mu
}

// readyForQuery is how an answer ends after which the session is idle outside a transaction, terminate is the goodbye.
var (
	readyForQuery = []byte{'Z', 0, 0, 0, 5, 'I'}
	terminate     = []byte{'X', 0, 0, 0, 4}
)

// dialer is a DialFunc for clients of the database.
func (d *database) dialer(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return &guest{ctx: ctx, database: d, dial: func(ctx context.Context) (net.Conn, error) {
			return dial(ctx, network, address)
		}}, nil
	}
}

func (g *guest) Write(message []byte) (int, error) {
	g.mu.Lock()
	if g.conn == nil {
		defer g.mu.Unlock()
		return g.enter(message)
	}
	if g.session != nil && g.atRest && bytes.Equal(message, terminate) {
		defer g.mu.Unlock()
		g.leaving = true
		return len(message), nil
	}
	g.atRest = false
	g.mu.Unlock()
	return g.conn.Write(message)
}

// enter takes the first message and connects the guest.
func (g *guest) enter(message []byte) (_ int, err error) {
	if g.closed {
		return 0, net.ErrClosed
	}
	params := startupParameters(message)
	if params["database"] == g.database.name && params["user"] == adminConfig().User {
		err = g.attach(params)
	} else {
		g.database.noteCancel(message)
		if g.conn, err = g.dial(g.ctx); err == nil {
			_, err = g.conn.Write(message)
		}
	}
	if err != nil {
		return 0, err
	}
	return len(message), g.conn.SetDeadline(g.deadline)
}

// startupParameters are those of a startup message, nil when it is something else.
func startupParameters(message []byte) map[string]string {
	var startup pgproto3.StartupMessage
	if len(message) < 8 || startup.Decode(message[4:]) != nil {
		return nil
	}
	return startup.Parameters
}

// adminConfig is the configuration that server.admin stands for.
var adminConfig = sync.OnceValue(func() *pgx.ConnConfig {
	config, err := pgx.ParseConfig(server.admin)
	if err != nil {
		panic(err) // the server was reached by it
	}
	return config
})

// attach gives the guest a session that is parked, or a new one, and has the answer to the startup message ready.
func (g *guest) attach(params map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(params)) {
		g.key += fmt.Sprintf("%q=%q ", name, params[name])
	}
	session := g.database.unpark(g.ctx, g.key)
	if session == nil {
		config := adminConfig().Copy()
		delete(params, "user")
		config.Database = g.database.name
		delete(params, "database")
		config.RuntimeParams = params
		var err error
		if session, err = pgconn.ConnectConfig(g.ctx, &config.Config); err != nil {
			return err
		}
	}
	if err := session.SyncConn(g.ctx); err != nil { // nobody of pgx may read beside the client
		return err
	}
	hijacked, err := session.Hijack()
	if err != nil {
		return err
	}
	g.session, g.conn = hijacked, hijacked.Conn
	g.greeting, err = greet(hijacked)
	g.database.mu.Lock()
	defer g.database.mu.Unlock()
	g.database.guests[hijacked.PID] = g
	return err
}

// greet is the answer to a startup message.
func greet(session *pgconn.HijackedConn) (answer []byte, err error) {
	messages := []pgproto3.BackendMessage{&pgproto3.AuthenticationOk{}}
	for name, value := range session.ParameterStatuses {
		messages = append(messages, &pgproto3.ParameterStatus{Name: name, Value: value})
	}
	messages = append(messages, &pgproto3.BackendKeyData{ProcessID: session.PID, SecretKey: session.SecretKey},
		&pgproto3.ReadyForQuery{TxStatus: 'I'})
	for _, m := range messages {
		if answer, err = m.Encode(answer); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

func (g *guest) Read(p []byte) (int, error) {
	g.mu.Lock()
	if len(g.greeting) > 0 {
		defer g.mu.Unlock()
		n := copy(p, g.greeting)
		g.greeting = g.greeting[n:]
		g.atRest = len(g.greeting) == 0
		return n, nil
	}
	conn := g.conn
	g.mu.Unlock()
	if conn == nil {
		return 0, net.ErrClosed
	}
	g.reading.Add(1)
	n, err := conn.Read(p)
	g.reading.Add(-1)
	if n > 0 {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.atRest = bytes.HasSuffix(p[:n], readyForQuery)
	}
	return n, err
}

func (g *guest) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.conn == nil {
		g.closed = true
		return nil
	}
	g.closed = true
	if g.session == nil {
		return g.conn.Close()
	}
	return g.database.park(g)
}

// unpark takes a session that lives, or returns nil.
func (d *database) unpark(ctx context.Context, key string) *pgconn.PgConn {
	for {
		d.mu.Lock()
		last := len(d.parked[key]) - 1
		if last < 0 {
			d.mu.Unlock()
			return nil
		}
		s := d.parked[key][last]
		d.parked[key] = d.parked[key][:last]
		d.mu.Unlock()
		if s.Ping(ctx) == nil {
			return s
		}
		s.Close(ctx)
	}
}

// park takes back the session of a guest that leaves, or closes it.
func (d *database) park(g *guest) error {
	s := g.forgotten()
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.guests, g.session.PID)
	if s == nil || g.spoiled || d.closed || d.parkedNow() >= parkAtMost {
		return g.conn.Close()
	}
	d.parked[g.key] = append(d.parked[g.key], s)
	return nil
}

// parkAtMost is how many sessions of a database are kept. A test mostly uses three or four.
const parkAtMost = 6

// parkedNow counts the sessions that are parked; d.mu is held.
func (d *database) parkedNow() (n int) {
	for _, sessions := range d.parked {
		n += len(sessions)
	}
	return n
}

// forgotten is the guest's session when it has forgotten its client, nil where it cannot be used again.
func (g *guest) forgotten() *pgconn.PgConn {
	if !g.leaving || g.reading.Load() > 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	if g.conn.SetDeadline(time.Time{}) != nil {
		return nil
	}
	s, err := pgconn.Construct(g.session)
	if err != nil {
		return nil
	}
	results, err := s.Exec(ctx, "DISCARD ALL").ReadAll()
	if err != nil || len(results) != 1 || results[0].CommandTag.String() != "DISCARD ALL" {
		return nil
	}
	return s
}

// noteCancel marks the session that a message, if it is a cancel request, wants to cancel: that may come late.
func (d *database) noteCancel(message []byte) {
	const cancelRequest = 80877102
	if len(message) < 16 || binary.BigEndian.Uint32(message[4:]) != cancelRequest {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if g := d.guests[binary.BigEndian.Uint32(message[8:])]; g != nil {
		g.spoiled = true
	}
}

func (g *guest) LocalAddr() net.Addr  { return g.address(net.Conn.LocalAddr) }
func (g *guest) RemoteAddr() net.Addr { return g.address(net.Conn.RemoteAddr) } // where pgx sends a cancel request

func (g *guest) address(of func(net.Conn) net.Addr) net.Addr {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conn == nil {
		return &net.TCPAddr{}
	}
	return of(g.conn)
}

func (g *guest) SetDeadline(at time.Time) error {
	return g.setDeadline(at, func(c net.Conn) error { return c.SetDeadline(at) })
}

func (g *guest) SetReadDeadline(at time.Time) error {
	return g.setDeadline(at, func(c net.Conn) error { return c.SetReadDeadline(at) })
}

func (g *guest) SetWriteDeadline(at time.Time) error {
	return g.setDeadline(at, func(c net.Conn) error { return c.SetWriteDeadline(at) })
}

func (g *guest) setDeadline(at time.Time, set func(net.Conn) error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conn == nil {
		g.deadline = at
		return nil
	}
	return set(g.conn)
}
