package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// Scheduler is one registration of a node: it claims due jobs, runs them through its Executor and records their ends.
// When its lease is lost it is done; a new Scheduler starts over under a new id.
//
// It composes the loops. Run owns their goroutines; tests register and then let single loops take single steps.
type Scheduler struct {
	Store    Store
	Executor job.Executor
	Log      *slog.Logger
	Name     string        // the node's name; default host:pid
	Version  string        // of this program, for the nodes table
	TZData   func() string // which time zone database the machine has now, for people; default unknown
	Metrics  Metrics       // told of what is durable; default nobody

	Slots int           // attempts at the same time per queue; default 100
	Batch int           // jobs per claim and queue; default 200
	Poll  time.Duration // longest sleep between two ticks; default 5 s
	Drain time.Duration // how long a stopping node lets its runs go on, and tries to record ends; default none
	// Hurry is closed when a node that drains is to stop what still runs at once; nil: never.
	Hurry <-chan struct{}

	// What Register makes stays as it is. Ready and Warnings may be asked earlier, so composed says that it is all
	// there.
	composed atomic.Bool

	node     job.Node
	story    *story
	lease    *lease
	slots    *slots
	ends     *ends
	attempts *attempts

	leases      *leaseLoop
	claims      *claimLoop
	completions *completeLoop
	cancels     *cancelLoop
	takeOvers   *takeOverLoop
	judges      *judgeLoop
	calls       *callLoop
	house       *houseLoop
	clock       *clockLoop
	zones       *zoneLoop
	listener    *listenLoop
}

const (
	defaultSlots = 100
	defaultBatch = 200

	// flushAtLeast is how long a stopping node tries to record the last ends, where its time to drain is over.
	flushAtLeast = 3 * time.Second
)

// Register draws the node's id and writes its row. Run does it; tests that tick by hand call it themselves.
func (s *Scheduler) Register(ctx context.Context) error {
	s.setDefaults()
	s.compose()
	if err := s.identify(ctx); err != nil {
		return fmt.Errorf("find out which database this is: %w", err)
	}
	started := time.Now()
	if err := s.Store.Register(ctx, s.node); err != nil {
		return fmt.Errorf("register node %s: %w", s.node.Name, err)
	}
	s.lease.renew(started)
	s.story.registered(s.node)
	return nil
}

func (s *Scheduler) setDefaults() {
	if s.Slots == 0 {
		s.Slots = defaultSlots
	}
	if s.Batch == 0 {
		s.Batch = defaultBatch
	}
	if s.Poll == 0 {
		s.Poll = job.DefaultPoll
	}
	if s.Metrics == nil {
		s.Metrics = noMetrics{}
	}
	if s.TZData == nil {
		s.TZData = func() string { return "unknown" }
	}
	if s.Name == "" {
		s.Name = job.ProcessName()
	}
}

// compose makes the loops, each after what it needs.
func (s *Scheduler) compose() {
	s.node = newNode(s.Name, s.Version, s.Executor.Queues(), s.Slots)
	s.node.ZoneRules, s.node.TZData = policy.ZoneRules(), s.TZData()
	s.story = &story{log: s.Log, node: s.node.Name}
	s.lease = &lease{}
	s.slots = newSlots(s.node.Queues, s.Slots)
	s.ends = &ends{wake: newSignal()}
	s.attempts = &attempts{
		node: s.node, executor: s.Executor, store: s.Store, lease: s.lease, ends: s.ends, story: s.story,
		cancelFuncs: map[uuid.UUID]context.CancelCauseFunc{},
	}
	s.cancels = &cancelLoop{store: s.Store, node: s.node.ID, attempts: s.attempts, story: s.story, wake: newSignal()}
	s.claims = s.newClaimLoop()
	s.calls = &callLoop{store: s.Store, executor: s.Executor, story: s.story, poll: s.Poll, wake: newSignal()}
	s.judges = &judgeLoop{
		store: s.Store, story: s.story, calls: s.calls.wake, wake: newSignal(), ended: map[string]bool{},
	}
	s.completions = &completeLoop{
		store: s.Store, queues: s.node.Queues, ends: s.ends, slots: s.slots, claims: s.claims, judges: s.judges,
		story: s.story, metrics: s.Metrics,
	}
	s.takeOvers = &takeOverLoop{
		store: s.Store, story: s.story, metrics: s.Metrics, claims: s.claims.wake, judges: s.judges,
		queue: make(chan job.Peer, takeOverQueue), queued: map[uuid.UUID]bool{},
	}
	s.leases = &leaseLoop{
		store: s.Store, node: s.node.ID, lease: s.lease, detector: newDetector(), takeOvers: s.takeOvers,
		story: s.story,
	}
	s.house = &houseLoop{store: s.Store, story: s.story, metrics: s.Metrics}
	s.zones = &zoneLoop{
		store: s.Store, node: s.node, tzdata: s.TZData, story: s.story, refresh: policy.RefreshZoneRules,
	}
	s.clock = &clockLoop{store: s.Store, story: s.story, metrics: s.Metrics}
	s.listener = &listenLoop{
		store: s.Store, node: s.node, story: s.story, poll: s.Poll, claims: s.claims.wake, cancels: s.cancels.wake,
	}
	s.composed.Store(true)
}

func (s *Scheduler) newClaimLoop() *claimLoop {
	told := &skips{story: s.story}
	claimer := &claimer{
		store: s.Store, node: s.node.ID, batch: s.Batch, poll: s.Poll, lease: s.lease, slots: s.slots,
		decider: &decider{node: s.node.Name, story: s.story}, doubts: &doubts{store: s.Store, story: s.story},
		attempts: s.attempts, cancels: s.cancels, skips: told, story: s.story, metrics: s.Metrics,
	}
	return &claimLoop{
		claimer: claimer, lease: s.lease, skips: told, pauses: &pauses{store: s.Store, story: s.story},
		story: s.story, metrics: s.Metrics, poll: s.Poll, wake: newSignal(),
	}
}

// Run registers the node and works until ctx ends; then it claims nothing more, lets its runs go on for Drain, stops
// what is left, records the ends and returns nil: within Drain, the kill grace of what must be stopped and
// flushAtLeast. ErrLeaseLost: the node was judged dead, and all its work is stopped.
func (s *Scheduler) Run(ctx context.Context) error {
	if err := s.Register(ctx); err != nil {
		return err
	}
	// Most loops outlive ctx: a draining node renews its lease, records ends and passes on cancels.
	loops, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, loops := errgroup.WithContext(loops)
	claims, endClaims := context.WithCancel(ctx)
	g.Go(func() error { defer endClaims(); return s.leases.run(loops) })
	g.Go(func() error { return s.takeOvers.run(loops) })
	g.Go(func() error { return s.completions.run(loops) })
	g.Go(func() error { return s.cancels.run(loops) })
	g.Go(func() error { return s.listener.run(loops) })
	g.Go(func() error { return s.house.run(claims) })
	g.Go(func() error { return s.clock.run(claims) })
	g.Go(func() error { return s.zones.run(claims) })
	g.Go(func() error { return s.judges.run(loops) })
	g.Go(func() error { return s.calls.run(claims) })

	lost := s.claims.run(claims)
	endClaims()
	deadline := time.Now().Add(s.Drain)
	s.drain(ctx, deadline)
	stop()
	err := g.Wait()
	if err == nil {
		err = lost
	}
	return errors.Join(err, s.leave(ctx, deadline))
}

// drain waits for the node's attempts, at first until the deadline, or until somebody is in a hurry, then after
// cancelling them.
func (s *Scheduler) drain(ctx context.Context, deadline time.Time) {
	ctx = context.WithoutCancel(ctx)
	told := make(chan struct{})
	defer func() { <-told }()
	go func() { defer close(told); s.tellDraining(ctx) }()
	if !s.lease.done() && !s.attempts.none() {
		s.story.drains(s.attempts.count(), s.Drain)
		patience, cancel := context.WithDeadline(ctx, deadline)
		defer cancel()
		s.attempts.finish(patience, s.Hurry)
	}
	if n := s.attempts.count(); n > 0 {
		s.story.stopsRuns(n)
	}
	s.lease.close(job.ErrShutdown)
	s.attempts.wait()
}

// tellDraining writes into the node's row that it claims nothing more. It is for people, so one try is enough.
func (s *Scheduler) tellDraining(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := s.Store.Draining(ctx, s.node.ID); err != nil {
		s.story.drainingNotTold(err)
	}
}

// leave records what is left to record, until the deadline, and removes the node's row.
func (s *Scheduler) leave(ctx context.Context, deadline time.Time) error {
	if least := time.Now().Add(flushAtLeast); deadline.Before(least) {
		deadline = least
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()
	s.completions.flush(ctx)
	if n := s.ends.count(); n > 0 {
		s.story.endsUnrecorded(n)
	}
	s.judges.judgeEnded(ctx)
	ctx, cancel = context.WithTimeout(ctx, flushAtLeast)
	defer cancel()
	if err := s.Store.Leave(ctx, s.node.ID); err != nil {
		return fmt.Errorf("remove the row of node %s: %w", s.node.Name, err)
	}
	s.story.stopped()
	return nil
}

// Ready says why the node is not claiming, or returns nil: it is registered, holds its lease, and its latest tick
// succeeded, not long ago. It does not wait for the database.
func (s *Scheduler) Ready() error {
	switch {
	case !s.composed.Load():
		return errors.New("the node is not registered yet")
	case s.claims.over.Load():
		return errors.New("the node is draining: it claims nothing more, and ends when its runs have ended")
	case !s.lease.trusted():
		return errors.New("the node could not renew its lease in time; is the database reachable?")
	}
	return s.claims.ready()
}

// Warnings are sentences about what a person should look after soon, though the node works. It does not wait for the
// database.
func (s *Scheduler) Warnings() []string {
	if !s.composed.Load() {
		return nil
	}
	return slices.Concat(s.house.latest(), s.clock.warnings(), s.zones.warnings())
}
