package store_test

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// Migrating through a transaction pooler is refused with what to do, however the pooler hands out its server sessions.
func TestMigrateRefusesTransactionPooler(t *testing.T) {
	t.Parallel()
	for _, servers := range []int{1, 2, 3} {
		for _, roundRobin := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d servers, round robin %v", servers, roundRobin), func(t *testing.T) {
				t.Parallel()
				direct := storetest.EmptyURL(t)
				s := storetest.OpenURL(t, startPooler(t, direct, servers, roundRobin))
				err := s.Migrate(t.Context(), quiet)
				if err == nil || !strings.Contains(err.Error(), "is a transaction pooler") ||
					!strings.Contains(err.Error(), "the PostgreSQL server's own address") {
					t.Errorf("migrate: %v", err)
				}
				if storetest.Query[bool](t, storetest.Conn(t, direct), "SELECT to_regnamespace('pgdue') IS NOT NULL") {
					t.Error("something was written")
				}
			})
		}
	}
}

// A transaction pooler is recognised, and whatever is written through it arrives, however it hands out its sessions.
func TestWritesThroughTransactionPooler(t *testing.T) {
	t.Parallel()
	for _, servers := range []int{2, 3} {
		for _, roundRobin := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d servers, round robin %v", servers, roundRobin), func(t *testing.T) {
				t.Parallel()
				s := storetest.OpenURL(t, startPooler(t, storetest.NewURL(t), servers, roundRobin))
				if s.Pooler() != store.PoolerTransaction || s.Listens() {
					t.Fatalf("pooler %s, listens: %v", s.Pooler(), s.Listens())
				}
				for i := range 4 {
					d := storetest.Job(t, fmt.Sprintf("job-%d", i), `{"type":"date"}`)
					d.Labels = map[string]string{"team": "web"}
					if _, err := s.Add(t.Context(), d, job.Author{}); err != nil {
						t.Fatal(err)
					}
				}
				node := newNode(t, s, &work{})
				tick(t, node)
				if err := s.Migrate(t.Context(), quiet); err != nil {
					t.Errorf("nothing is to migrate, and yet: %v", err)
				}
			})
		}
	}
}

// Who keeps statements prepared behind a transaction pooler all the same is told what to do.
func TestPreparedBehindTransactionPoolerSaysWhy(t *testing.T) {
	t.Parallel()
	config := storetest.Config(t, startPooler(t, storetest.NewURL(t), 2, true))
	s, err := store.OpenConfig(t.Context(), config, store.Access{Pooler: store.PoolerNone})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for i := 0; err == nil && i < 20; i++ {
		_, err = s.Add(t.Context(), storetest.Job(t, fmt.Sprintf("job-%d", i), `{"type":"date"}`), job.Author{})
	}
	if err == nil || !strings.Contains(err.Error(), "a transaction pooler has come between") {
		t.Errorf("error %v", err)
	}
}

// Without a pooler statements are kept prepared, and notifications are listened for.
func TestNoPoolerIsNone(t *testing.T) {
	t.Parallel()
	if s := storetest.Open(t); s.Pooler() != store.PoolerNone || !s.Listens() {
		t.Errorf("pooler %s, listens: %v", s.Pooler(), s.Listens())
	}
}

// Of pgx's ways to send statements, those in which ours do not work are refused, with what to say instead; the others
// work.
func TestOpenRefusesModesThatCannotWrite(t *testing.T) {
	t.Parallel()
	direct := storetest.URL(t)
	for mode, works := range map[string]bool{
		"simple_protocol": false, "exec": false, "cache_describe": true, "describe_exec": true, "cache_statement": true,
	} {
		config := storetest.Config(t, direct+"&default_query_exec_mode="+mode)
		s, err := store.OpenConfig(t.Context(), config, store.Access{})
		if !works {
			if err == nil || !strings.Contains(err.Error(), "default_query_exec_mode="+mode+" in the database URL") {
				t.Errorf("%s: %v", mode, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		d := storetest.Job(t, mode, `{"type":"date"}`)
		d.Labels = map[string]string{"team": "web"}
		if _, err := s.Add(t.Context(), d, job.Author{}); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// pooler is a transaction pooler: sessions of clients borrow a server session for each transaction.
type pooler struct {
	roundRobin bool
	parameters map[string]string

	mu       sync.Mutex
	returned *sync.Cond
	free     []*pgconn.HijackedConn // in the order of their return
}

// startPooler starts a pooler before the database at direct and returns the URL of the same database through it.
func startPooler(t *testing.T, direct string, servers int, roundRobin bool) string {
	t.Helper()
	p := &pooler{roundRobin: roundRobin}
	p.returned = sync.NewCond(&p.mu)
	for range servers {
		conn, err := pgconn.Connect(t.Context(), direct)
		if err != nil {
			t.Fatal(err)
		}
		server, err := conn.Hijack()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Conn.Close() })
		p.parameters = server.ParameterStatuses
		p.giveBack(server)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	u, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = listener.Addr().String()
	u.RawQuery = "sslmode=disable"
	return u.String()
}

// borrow takes a server session: the one that has been free longest, or the one that became free last.
func (p *pooler) borrow() *pgconn.HijackedConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.free) == 0 {
		p.returned.Wait()
	}
	i := len(p.free) - 1
	if p.roundRobin {
		i = 0
	}
	server := p.free[i]
	p.free = slices.Delete(p.free, i, i+1)
	return server
}

func (p *pooler) giveBack(server *pgconn.HijackedConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, server)
	p.returned.Signal()
}

func (p *pooler) serve(conn net.Conn) {
	defer conn.Close()
	client := pgproto3.NewBackend(conn, conn)
	if _, err := client.ReceiveStartupMessage(); err != nil {
		return
	}
	client.Send(&pgproto3.AuthenticationOk{})
	for name, value := range p.parameters {
		client.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	client.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}})
	client.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if client.Flush() != nil {
		return
	}
	var server *pgconn.HijackedConn
	for {
		message, err := client.Receive()
		if _, end := message.(*pgproto3.Terminate); err != nil || end {
			break
		}
		if server == nil {
			server = p.borrow()
		}
		idle, err := relay(client, server, message)
		if err != nil {
			return
		}
		if idle {
			p.giveBack(server)
			server = nil
		}
	}
	if server != nil { // the client left in the middle of a transaction
		if _, err := relay(nil, server, &pgproto3.Query{String: "ROLLBACK"}); err == nil {
			p.giveBack(server)
		}
	}
}

// relay passes a request on and its replies back, until the server is ready for the next. idle: no transaction is open.
func relay(
	client *pgproto3.Backend, server *pgconn.HijackedConn, request pgproto3.FrontendMessage,
) (idle bool, err error) {
	server.Frontend.Send(request)
	if err := server.Frontend.Flush(); err != nil {
		return false, err
	}
	switch request.(type) {
	case *pgproto3.Query, *pgproto3.Sync:
	default:
		return false, nil
	}
	for {
		reply, err := server.Frontend.Receive()
		if err != nil {
			return false, err
		}
		if client != nil {
			client.Send(reply)
		}
		if ready, ok := reply.(*pgproto3.ReadyForQuery); ok {
			if client != nil {
				err = client.Flush()
			}
			return ready.TxStatus == 'I', err
		}
	}
}
