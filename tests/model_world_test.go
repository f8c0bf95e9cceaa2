package tests

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// world is a database with four nodes that a model-based test drives: it ticks the nodes, ends their attempts, kills
// them, edits jobs and moves the clock. What must hold is judged by the rows (package invariant, and
// model_check_test.go, which knows more), and by the database itself in triggers that note what no commit may do.
type world struct {
	t     *testing.T
	url   string
	rows  *pgx.Conn
	pool  *pgxpool.Pool // of the nodes and edits
	edits *store.Store
	nodes []*modelNode
	named int // nodes so far

	gens map[string][]*generation // of each job id, the latest last

	mu        sync.Mutex
	executing []*execution
	faults    []string // found while attempts began
}

// generation is the life of a job from its adding to its removal.
type generation struct {
	tag     string // in the job's command, so that an attempt shows whose definition it runs
	epochs  []epoch
	removed bool
}

// epoch is the time in which a job has one trigger: fire times first, first + every, …
type epoch struct {
	job   job.Job // as it was with this trigger: it knows the ids of its runs
	first time.Time
	every time.Duration
	end   time.Time // of an epoch that is over: all fire times up to it are decided
	limit time.Time // and none after this
}

type modelNode struct {
	*scheduler.Scheduler
	store *store.Store
	dead  chan struct{}
	stop  func()
}

// execution is an attempt that goes on until the test ends it.
type execution struct {
	job.Attempt
	node   *modelNode
	result chan job.Result
}

// rules are what the database watches at every commit, and a clock that tests set. A statement that lets runs wait
// takes a while, so that what happens beside it has time to.
const rules = `
CREATE TABLE public.model_clock (ahead interval NOT NULL);
INSERT INTO public.model_clock VALUES ('0');
CREATE OR REPLACE FUNCTION pgdue.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT statement_timestamp() + (SELECT ahead FROM public.model_clock) $$;
CREATE TABLE public.faults (what text NOT NULL);

CREATE FUNCTION public.limit_holds() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE live int; allowed int;
BEGIN
    SELECT count(*) INTO live FROM pgdue.running_instances WHERE job_id = NEW.job_id;
    SELECT max_instances INTO allowed FROM pgdue.jobs WHERE id = NEW.job_id;
    IF live > allowed THEN
        INSERT INTO public.faults VALUES (format('a run of %s began as instance %s of %s', NEW.job_id, live, allowed));
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER limit_holds AFTER INSERT ON pgdue.running_instances DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION public.limit_holds();

CREATE FUNCTION public.history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.faults VALUES (format('%s of a history row of %s', TG_OP, OLD.job_id));
    RETURN NULL;
END $$;
CREATE TRIGGER history_stays AFTER UPDATE OR DELETE ON pgdue.run_history FOR EACH ROW EXECUTE FUNCTION public.history_stays();

CREATE FUNCTION public.linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN NULL; END $$;
CREATE TRIGGER linger AFTER INSERT ON pgdue.waiting_runs FOR EACH STATEMENT EXECUTE FUNCTION public.linger();`

func newWorld(t *testing.T) (*world, func()) {
	h := &history{T: t}
	w := &world{t: t, url: storetest.PreparedURL(h, rules), gens: map[string][]*generation{}}
	w.rows = storetest.Conn(t, w.url)
	// One pool for all, as a session costs some 25 ms, and far more until it has planned what it is asked. What nodes
	// do to each other they do in transactions, whosever session that is.
	config := storetest.Config(t, w.url)
	config.MaxConns = 16
	var err error
	if w.pool, err = pgxpool.NewWithConfig(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	w.edits = store.New(w.pool)
	for range 4 {
		w.start()
	}
	return w, func() {
		for _, n := range w.nodes {
			n.kill()
		}
		w.edits.Close()
		w.pool.Close()
		w.rows.Close(context.Background())
		h.end()
	}
}

// history is a part of a test after which its database may be lent to the next part.
type history struct {
	*testing.T
	cleanUps []func()
}

func (h *history) Cleanup(do func()) { h.cleanUps = append(h.cleanUps, do) }

func (h *history) end() {
	for _, do := range slices.Backward(h.cleanUps) {
		do()
	}
}

// start registers a node with all its loops but the one that claims, which the test ticks by hand.
func (w *world) start() {
	w.named++
	n := &modelNode{store: store.New(w.pool), dead: make(chan struct{})}
	n.Scheduler = &scheduler.Scheduler{Store: n.store, Executor: &modelExecutor{w, n},
		Log: slog.New(slog.DiscardHandler), Name: fmt.Sprintf("node-%d", w.named)}
	if err := n.Register(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var loops sync.WaitGroup
	loops.Go(func() { n.KeepLease(ctx) })
	loops.Go(func() { n.RecordEnds(ctx) })
	loops.Go(func() { n.Cancels(ctx) })
	n.stop = func() { cancel(); loops.Wait() }
	w.nodes = append(w.nodes, n)
}

// kill ends a node as kill -9 does: nothing of it is recorded any more.
func (n *modelNode) kill() {
	n.stop()
	close(n.dead)
	n.store.Close()
}

// modelExecutor is the executor of one node.
type modelExecutor struct {
	w *world
	n *modelNode
}

func (e *modelExecutor) Queues() []string { return []string{job.KindExec.Name} }

func (e *modelExecutor) Execute(ctx context.Context, a job.Attempt) job.Result {
	x := &execution{a, e.n, make(chan job.Result, 1)}
	e.w.began(x)
	defer e.w.ended(x)
	select {
	case r := <-x.result:
		return r
	case <-e.n.dead:
		return job.Result{Outcome: job.Lost}
	case <-ctx.Done():
		if _, asked := errors.AsType[*job.CancelledError](context.Cause(ctx)); asked {
			return job.Result{Outcome: job.Cancelled, Error: context.Cause(ctx).Error()}
		}
		return job.Result{Outcome: job.Lost, Error: context.Cause(ctx).Error()}
	}
}

// began notes an attempt. A scheduled run's id tells whose fire time it is: its definition must be of the same job.
func (w *world) began(x *execution) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.executing = append(w.executing, x)
	tag := x.Definition.Work.(*job.Exec).Command[1]
	for _, g := range w.gens[x.JobID] {
		own := func(e epoch) bool { return e.job.RunIDOf(x.ScheduledRunTime) == x.RunID }
		if g.tag == tag && (x.Cause != job.CauseSchedule || slices.ContainsFunc(g.epochs, own)) {
			return
		}
	}
	w.faults = append(w.faults,
		fmt.Sprintf("attempt %d of run %s of %s runs the definition of another job of this id, %s", x.Instance.Attempt,
			x.RunID, x.JobID, tag))
}

func (w *world) ended(x *execution) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.executing = slices.DeleteFunc(w.executing, func(other *execution) bool { return other == x })
}

// attempts are those that execute now.
func (w *world) attempts() []*execution {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.executing)
}

// ahead moves the clock.
func (w *world) ahead(d time.Duration) {
	storetest.Exec(w.t, w.rows, "UPDATE public.model_clock SET ahead = ahead + $1", d)
}

// aheadTo moves the clock to a job's next run time, unless that has come.
func (w *world) aheadTo(id string) {
	storetest.Exec(w.t, w.rows, `UPDATE public.model_clock SET ahead = ahead + greatest('0',
		(SELECT next_run_time FROM pgdue.next_run_times WHERE job_id = $1) - pgdue.now())`, id)
}

// now is what the clock shows.
func (w *world) now() time.Time {
	return storetest.Query[time.Time](w.t, w.rows, "SELECT pgdue.now()")
}

// alive is the job's present generation, nil when there is none.
func (w *world) alive(id string) *generation {
	if gens := w.gens[id]; len(gens) > 0 && !gens[len(gens)-1].removed {
		return gens[len(gens)-1]
	}
	return nil
}

// takeOver lets a node end what a killed one left.
func (w *world) takeOver(name string) error {
	var p job.Peer
	err := w.rows.QueryRow(w.t.Context(), "SELECT id, name, alive, beat FROM pgdue.nodes WHERE name LIKE $1 || '/%'",
		name).Scan(&p.ID, &p.Name, &p.Alive, &p.Beat)
	if errors.Is(err, pgx.ErrNoRows) || err != nil {
		return err
	}
	return w.nodes[0].TakeOver(w.t.Context(), p)
}
