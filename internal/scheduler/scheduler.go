package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// Scheduler is one registration of a node: it claims due jobs, runs them through its Executor and records their ends.
// When its lease is lost it is done; a new Scheduler starts over under a new id.
type Scheduler struct {
	Store    Store
	Executor job.Executor
	Log      *slog.Logger
	Name     string  // the node's name; default host:pid
	Version  string  // of this program, for the nodes table
	Metrics  Metrics // told of what is durable; default nobody

	Slots int           // attempts at the same time per queue; default 100
	Batch int           // jobs per claim and queue; default 200
	Poll  time.Duration // longest sleep between two looks; default 5 s
	Drain time.Duration // how long a stopping node lets its runs go on; default none

	node     job.Node
	slots    *slots
	lease    *lease
	ends     *ends
	attempts *attempts
	cancels  *cancelLoop
	story    *story
	skips    skips
	pauses   pauses      // of the claim loop
	wake     signal      // the claim loop
	drains   atomic.Bool // claims nothing any more

	leases    *leaseLoop
	takeOvers *takeOverLoop
	listener  *listenLoop
	judges    *judgeLoop
	calls     *callLoop
	house     *houseLoop
	composed  atomic.Bool // all that Register makes is there: Ready and Warnings may be asked before

	resolving sync.Mutex // held while the database is asked about unresolved claims

	mu         sync.Mutex     // never held while the database is asked, so that Ready answers at once
	unresolved []policy.Claim // whose commit is unknown
	claiming   bool           // the claim loop's latest look succeeded
	looked     time.Time      // when it ended
}

const (
	defaultSlots = 100
	defaultBatch = 200

	// lockedRelook is the wait when something is due but locked by somebody else.
	lockedRelook = 250 * time.Millisecond
	// afterTrouble is how long a loop waits after the database's trouble before it asks again.
	afterTrouble = time.Second
	// flushTimeout bounds how long a stopping node tries to record the last ends.
	flushTimeout = 10 * time.Second
	// quietAtMost is how long ago the latest look of a ready node may have ended, where three polls are not more. It is more
	// than the Store lets a claim wait for an answer.
	quietAtMost = 15 * time.Second
)

// Register draws the node's id and writes its row. Run does it; tests that tick by hand call it themselves.
func (s *Scheduler) Register(ctx context.Context) error {
	s.setDefaults()
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
	id := uuid.New()
	if s.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "unknown"
		}
		s.Name = fmt.Sprintf("%s:%d", host, os.Getpid())
	}
	s.node = job.Node{ID: id, Name: s.Name + "/" + id.String()[:4], Queues: s.Executor.Queues(), Slots: s.Slots, Version: s.Version}
	s.slots = newSlots(s.node.Queues, s.Slots)
	s.wake = newSignal()
	s.lease = &lease{}
	s.ends = &ends{wake: newSignal()}
	s.story = &story{log: s.Log, node: s.node.Name}
	s.skips.story = s.story
	s.pauses.store, s.pauses.story = s.Store, s.story
	s.attempts = &attempts{
		node: s.node, executor: s.Executor, lease: s.lease, ends: s.ends, story: s.story,
		cancels: map[uuid.UUID]context.CancelCauseFunc{},
	}
	s.cancels = &cancelLoop{store: s.Store, node: s.node.ID, attempts: s.attempts, story: s.story, wake: newSignal()}
	s.listener = &listenLoop{store: s.Store, node: s.node, story: s.story, poll: s.Poll, claims: s.wake, cancels: s.cancels.wake}
	s.calls = &callLoop{store: s.Store, executor: s.Executor, story: s.story, poll: s.Poll, wake: newSignal()}
	s.judges = &judgeLoop{store: s.Store, story: s.story, calls: s.calls.wake, wake: newSignal(), ended: map[string]bool{}}
	s.takeOvers = &takeOverLoop{
		store: s.Store, story: s.story, metrics: s.Metrics, claims: s.wake, judges: s.judges,
		queue: make(chan job.Peer, takeOverQueue), queued: map[uuid.UUID]bool{},
	}
	s.leases = &leaseLoop{
		store: s.Store, node: s.node.ID, lease: s.lease, detector: newDetector(), takeOvers: s.takeOvers, story: s.story,
	}
	s.house = &houseLoop{store: s.Store, story: s.story, metrics: s.Metrics}
	s.composed.Store(true)
}

// Run registers the node and works until ctx ends; then it claims nothing more, lets its runs go on for Drain, stops
// what is left, records the ends and returns nil. ErrLeaseLost: the node was judged dead, and all its work is stopped.
func (s *Scheduler) Run(ctx context.Context) error {
	if err := s.Register(ctx); err != nil {
		return err
	}
	// The loops outlive ctx: a draining node renews its lease and records ends.
	loops, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, loops := errgroup.WithContext(loops)
	claims, endClaims := context.WithCancel(ctx)
	g.Go(func() error { defer endClaims(); return s.KeepLease(loops) })
	g.Go(func() error { return s.takeOvers.run(loops) })
	g.Go(func() error { return s.RecordEnds(loops) })
	g.Go(func() error { return s.cancels.run(loops) }) // also while the node drains
	g.Go(func() error { return s.listener.run(loops) })
	g.Go(func() error { return s.house.run(claims) })
	g.Go(func() error { return s.judges.run(loops) })
	g.Go(func() error { return s.calls.run(claims) })

	lost := s.claims(claims)
	endClaims()
	s.drains.Store(true)
	s.drain(ctx)
	stop()
	err := g.Wait()
	if err == nil {
		err = lost
	}
	return errors.Join(err, s.leave(ctx))
}

// drain waits for the node's attempts, at first as long as Drain, then after cancelling them.
func (s *Scheduler) drain(ctx context.Context) {
	if s.Drain > 0 && s.lease.trusted() {
		s.story.drains(s.Drain)
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Drain)
		defer cancel()
		s.attempts.finish(patience)
	}
	s.lease.close(job.ErrShutdown)
	s.attempts.wait()
}

// leave records what is left to record and removes the node's row.
func (s *Scheduler) leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	s.Flush(ctx)
	s.judges.judgeEnded(ctx)
	if err := s.Store.Leave(ctx, s.node.ID); err != nil {
		return fmt.Errorf("remove the row of node %s: %w", s.node.Name, err)
	}
	s.story.stopped()
	return nil
}

// Ready says why the node is not claiming, or returns nil: it is registered, holds its lease, and its latest look at the
// due jobs succeeded, not long ago. It does not wait for the database.
func (s *Scheduler) Ready() error {
	if !s.composed.Load() {
		return errors.New("the node is not registered yet")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.lease.trusted():
		return errors.New("the node could not renew its lease in time; is the database reachable?")
	case !s.claiming:
		return errors.New("the node's latest look at the due jobs did not succeed; see its log")
	case time.Since(s.looked) > max(quietAtMost, 3*s.Poll):
		return fmt.Errorf("the node has not looked at the due jobs since %s; does the database answer?", s.looked.UTC().Format(time.RFC3339))
	}
	return nil
}

// KeepLease renews the node's lease until ctx ends, stops its work when it could not, and watches the other nodes. It
// returns ErrLeaseLost when another node marked this one dead.
func (s *Scheduler) KeepLease(ctx context.Context) error { return s.leases.run(ctx) }

// TakeOver marks p dead, if it is not yet, and ends its attempts as lost.
func (s *Scheduler) TakeOver(ctx context.Context, p job.Peer) error {
	return s.takeOvers.takeOver(ctx, p)
}

// Finish waits until all attempts that this node began have ended, recorded or not.
func (s *Scheduler) Finish(ctx context.Context) { s.attempts.finish(ctx) }

// Cancels cancels what it is asked for until ctx ends.
func (s *Scheduler) Cancels(ctx context.Context) error { return s.cancels.run(ctx) }

// LookForCancels cancels those attempts of this node that somebody asked to cancel.
func (s *Scheduler) LookForCancels(ctx context.Context) error { return s.cancels.look(ctx) }

// JudgeAll judges all jobs with OnFailure.
func (s *Scheduler) JudgeAll(ctx context.Context) error { return s.judges.judgeAll(ctx) }

// Warnings are sentences about what a person should look after soon, though the node works. It does not wait for the
// database.
func (s *Scheduler) Warnings() []string {
	if !s.composed.Load() {
		return nil
	}
	return s.house.latest()
}
