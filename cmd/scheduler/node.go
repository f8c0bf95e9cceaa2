package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/executor"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/metrics"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/server"
	"github.com/pgdue/pgdue/internal/store"
)

const (
	defaultListen = "127.0.0.1:8080"
	// nextPorts is how many ports after the default are tried when it is taken.
	nextPorts = 20
	// registerAgain is the wait before a node that lost its lease begins anew.
	registerAgain = time.Second
)

// node is what dev and serve share: a scheduler on a database, with its API.
type node struct {
	listen     string
	insecure   bool
	enableExec bool
	execUser   string
	drain      time.Duration
	slots      int
	paused     bool
	logLevel   slog.Level
	logFormat  string
	jobLabels  bool // in metrics

	log      *slog.Logger
	account  *executor.Account // of execUser
	store    *store.Store
	listener net.Listener
	pool     *executor.Pool
	metrics  *metrics.Metrics
	current  atomic.Pointer[scheduler.Scheduler]
}

func (n *node) addFlags(cmd *cobra.Command, drain time.Duration) {
	f := cmd.Flags()
	f.StringVar(&n.listen, "listen", defaultListen,
		"`address` of the HTTP API; when not given and taken, the next free port")
	f.BoolVar(&n.insecure, "insecure", false, "serve the API beyond loopback although it has no access control yet")
	f.DurationVar(&n.drain, "drain", drain, "how long a stopping node lets its runs go on")
	f.IntVar(&n.slots, "slots", 100, "how many runs of one queue this node executes at a time")
	f.BoolVar(&n.paused, "paused", false, "pause everything first, as scheduler pause --all does")
	f.TextVar(&n.logLevel, "log-level", slog.LevelInfo, "lowest `level` that is logged: debug, info, warn, error")
	f.StringVar(&n.logFormat, "log-format", "text", "`format` of the log: text or json")
}

// prepare checks the flags and makes the log.
func (n *node) prepare(cmd *cobra.Command) error {
	options := &slog.HandlerOptions{Level: n.logLevel, ReplaceAttr: inUTC}
	switch n.logFormat {
	case "text":
		n.log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), options))
	case "json":
		n.log = slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), options))
	default:
		return usagef(cmd, "--log-format %q is neither text nor json", n.logFormat)
	}
	if n.slots < 1 {
		return usagef(cmd, "--slots %d is not at least 1", n.slots)
	}
	if err := n.readExecUser(cmd); err != nil {
		return err
	}
	if n.drain < 0 {
		return usagef(cmd, "--drain %s is negative", n.drain)
	}
	loopback, err := isLoopback(n.listen)
	if err != nil {
		return usagef(cmd, "--listen %q is not an address such as %s", n.listen, defaultListen)
	}
	if !loopback && !n.insecure {
		return usagef(cmd, "--listen %s is not a loopback address, and the API has no access control yet: whoever "+
			"reaches it can run "+
			"jobs; listen on 127.0.0.1, put a proxy with access control before it, or add --insecure", n.listen)
	}
	return nil
}

// inUTC shows times in UTC, with their zone.
func inUTC(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindTime:
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	case slog.KindDuration: // JSON would show nanoseconds
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

func isLoopback(address string) (bool, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false, err
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback(), nil
}

// bind listens. A port that was not asked for may be another one when it is taken.
func (n *node) bind(cmd *cobra.Command) (err error) {
	n.listener, err = net.Listen("tcp", n.listen)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return listenError(n.listen, err)
	}
	if cmd.Flags().Changed("listen") {
		return fmt.Errorf("listen on %s: the port is taken; give another one with --listen, or leave --listen out",
			n.listen)
	}
	for port := 8081; port <= 8080+nextPorts; port++ {
		if n.listener, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return nil
		}
	}
	return fmt.Errorf("listen on %s and the %d ports after it: %w; give a free one with --listen", n.listen, nextPorts,
		err)
}

func listenError(address string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("listen on %s: %w; give an address of this machine with --listen", address, err)
}

// url is where this machine's programs reach the API.
func (n *node) url() string {
	address := n.listener.Addr().(*net.TCPAddr)
	host := address.IP.String()
	if address.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, fmt.Sprint(address.Port))
}

func (n *node) client() *client.Client { return &client.Client{BaseURL: n.url()} }

// run serves the API and claims due jobs until ctx ends; ready is called once the API answers.
func (n *node) run(ctx context.Context, ready func(context.Context) error) error {
	n.pool = &executor.Pool{Log: n.log, Kinds: n.offers()}
	loopback, err := isLoopback(n.listener.Addr().String())
	if err != nil {
		return fmt.Errorf("read the address of the API: %w", err)
	}
	n.metrics = metrics.New(n.store, n.jobLabels)
	api := &server.Server{Store: n.store, Log: n.log, Version: buildVersion(), TZData: tzdataVersion(), Ready: n.ready,
		Loopback: loopback,
		Warnings: n.warnings, Metrics: n.metrics.Handler()}
	web := &http.Server{
		Handler: api.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(n.log.Handler(), slog.LevelDebug),
	}
	if err := n.pause(ctx); err != nil {
		return err
	}
	asked := ctx // and not that of the group, which ends with what fails, too
	defer context.AfterFunc(asked, func() { n.log.Info("stopping", "cause", context.Cause(asked)) })()
	go n.tellHurry(ctx)
	if os.Getpid() == 1 {
		go executor.ReapOrphans(ctx)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := web.Serve(n.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve the API: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		defer closeServer(web)
		return n.schedule(ctx)
	})
	n.log.Info("API serves", "url", n.url(), "exec", n.enableExec)
	g.Go(func() error { return ready(ctx) })
	return g.Wait()
}

// tellHurry tells of a second signal.
func (n *node) tellHurry(ctx context.Context) {
	<-ctx.Done()
	<-hurry(ctx) // for ever where there are no signals
	n.log.Warn("asked to stop once more: runs are stopped and their ends recorded; a third time ends the process")
}

// pause pauses everything before the first claim, where --paused asks for it. What is paused already stays as it is.
func (n *node) pause(ctx context.Context) error {
	if !n.paused {
		return nil
	}
	if _, err := n.store.PauseMany(ctx, job.Scope{},
		job.Author{Actor: whoAmI(), Reason: "a node was started with --paused"}); err != nil {
		return fmt.Errorf("pause everything: %w", err)
	}
	return nil
}

// closeServer ends the API after the node has drained: until then running work may still call it.
func closeServer(web *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if web.Shutdown(ctx) != nil {
		web.Close()
	}
}

// schedule runs one registration after the other: a node whose lease was lost begins anew under a new id.
func (n *node) schedule(ctx context.Context) error {
	first := true
	for {
		s := &scheduler.Scheduler{Store: n.store, Executor: n.pool, Log: n.log, Version: buildVersion(),
			TZData: tzdataVersion, Drain: n.drain, Slots: n.slots, Metrics: n.metrics, Hurry: hurry(ctx)}
		n.current.Store(s)
		err := s.Run(ctx)
		switch {
		case ctx.Err() != nil:
			return err
		case err == nil || first && !errors.Is(err, job.ErrLeaseLost):
			return err
		}
		first = false
		n.log.Warn("node begins anew", "err", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(registerAgain):
		}
	}
}

// ready says why this node does not claim: the scheduler says so, or the schema is not right.
func (n *node) ready(ctx context.Context) error {
	s := n.current.Load()
	if s == nil {
		return errors.New("the node has not begun yet")
	}
	if err := s.Ready(); err != nil {
		return err
	}
	return n.store.CheckSchema(ctx)
}

// warnings are those of the present registration.
func (n *node) warnings() []string {
	if s := n.current.Load(); s != nil {
		return s.Warnings()
	}
	return nil
}
