package tests

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pgdue/pgdue/internal/invariant"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

// Whatever is done to jobs and nodes, in any order and at the same time: each fire time gets exactly one final row,
// running instances never exceed max_instances, no run sleeps beside a free instance, nothing that is due stays so, and
// what has ended never changes.
func TestModel(t *testing.T) {
	t.Parallel()
	atMost(t, 24)
	rapid.Check(t, func(r *rapid.T) {
		w, closeAll := newWorld(t)
		defer closeAll()
		m := &machine{w}
		r.Repeat(map[string]func(*rapid.T){
			"add":     m.add,
			"put":     m.put,
			"remove":  m.remove,
			"pause":   m.pause,
			"resume":  m.resume,
			"hold":    m.hold,
			"release": m.release,
			"skip":    m.skipNext,
			"run now": m.runNow,
			"cancel":  m.cancel,
			"time":    m.time,
			"tick":    m.tick,
			"end":     m.end,
			"meet":    m.meet,
			"park":    m.park,
			"crowd":   m.crowd,
			"anew":    m.anew,
			"die":     m.die,
			"claimed": m.claimed,
			"":        m.check,
		})
	})
}

// everies are the intervals of jobs in seconds. A wake-up that is lost shows with the long ones alone: the next fire of
// the others comes before anybody could miss it.
var everies = []int{1, 30, 3, 20}

// atMost is how many histories are drawn where the call of the tests does not say it.
func atMost(t *testing.T, checks int) {
	t.Helper()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", strconv.Itoa(checks)); err != nil {
			t.Fatal(err)
		}
	}
}

var modelJobs = []string{"a", "b", "c"}

type machine struct{ *world }

func id(r *rapid.T) string { return rapid.SampledFrom(modelJobs).Draw(r, "job") }

// must ends the test unless an error is one of those that the operation may answer with.
func must(r *rapid.T, err error, allowed ...error) {
	r.Helper()
	if err != nil && !slices.ContainsFunc(allowed, func(a error) bool { return errors.Is(err, a) }) {
		r.Fatal(err)
	}
}

// definition draws a job that fires every so many seconds.
func (m *machine) definition(r *rapid.T, id, tag string, every int) job.Definition {
	d := storetest.Job(m.t, id, fmt.Sprintf(`{"type":"interval","every":"%ds"}`, every))
	d.Work.(*job.Exec).Command = []string{"true", tag}
	d.MaxInstances = rapid.IntRange(1, 3).Draw(r, "max_instances")
	d.Overlap = rapid.SampledFrom([]string{job.OverlapWait, job.OverlapWait, job.OverlapSkip,
		job.OverlapReplace}).Draw(r, "overlap")
	d.MaxWaiting = rapid.IntRange(1, 4).Draw(r, "max_waiting")
	d.Coalesce = rapid.SampledFrom([]string{job.CoalesceLatest, job.CoalesceEarliest, job.CoalesceAll}).Draw(r,
		"coalesce")
	if d.Overlap == job.OverlapReplace && d.Coalesce == job.CoalesceAll {
		d.Coalesce = job.CoalesceLatest
	}
	if rapid.Bool().Draw(r, "in team web") {
		d.Labels = map[string]string{web.LabelName: web.LabelValue}
	}
	d.MaxAttempts = rapid.IntRange(1, 3).Draw(r, "max_attempts")
	d.MisfireGraceTime = time.Duration(rapid.SampledFrom([]int{0, 0, 5}).Draw(r, "grace")) * time.Second
	return d
}

func (m *machine) add(r *rapid.T) {
	id := id(r)
	if m.alive(id) != nil {
		r.Skip("it is there")
	}
	m.addJob(r, id)
}

func (m *machine) addJob(r *rapid.T, id string) {
	every := rapid.SampledFrom(everies).Draw(r, "every")
	g := &generation{tag: fmt.Sprintf("%s-%d", id, len(m.gens[id]))}
	o, err := m.edits.Add(m.t.Context(), m.definition(r, id, g.tag, every), job.Author{})
	must(r, err)
	g.epochs = []epoch{{job: *o.After, first: o.After.Anchor.Add(time.Duration(every) * time.Second),
		every: time.Duration(every) * time.Second}}
	m.mu.Lock()
	m.gens[id] = append(m.gens[id], g)
	m.mu.Unlock()
}

// put changes policies, and sometimes the trigger, which begins an epoch.
func (m *machine) put(r *rapid.T) {
	id := id(r)
	g := m.alive(id)
	if g == nil {
		r.Skip("there is no such job")
	}
	present := &g.epochs[len(g.epochs)-1]
	every := int(present.every / time.Second)
	changes := rapid.Bool().Draw(r, "trigger changes")
	if changes {
		every = everies[(slices.Index(everies, every)+1)%len(everies)]
	}
	before, err := m.edits.Job(m.t.Context(), id)
	must(r, err)
	o, err := m.edits.Put(m.t.Context(), m.definition(r, id, g.tag, every), job.Author{})
	must(r, err)
	if !changes {
		return
	}
	present.end = latest(o.After.Anchor, before.LastRunTime)
	present.limit = present.end
	next := epoch{job: *o.After, every: time.Duration(every) * time.Second}
	next.first = o.After.Anchor.Add(next.every)
	m.mu.Lock()
	defer m.mu.Unlock()
	g.epochs = append(g.epochs, next)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (m *machine) remove(r *rapid.T) {
	id := id(r)
	if m.alive(id) == nil {
		r.Skip("there is no such job")
	}
	m.removeJob(r, id)
}

func (m *machine) removeJob(r *rapid.T, id string) {
	g := m.alive(id)
	before, err := m.edits.Job(m.t.Context(), id)
	must(r, err)
	last := &g.epochs[len(g.epochs)-1]
	last.end = latest(before.LastRunTime, m.now())
	_, err = m.edits.Remove(m.t.Context(), id, job.Author{})
	must(r, err)
	last.limit = latest(last.end, m.now())
	g.removed = true
}

func (m *machine) pause(r *rapid.T) {
	_, err := m.edits.Pause(m.t.Context(), id(r), job.Author{Reason: "model"})
	must(r, err, job.ErrNotFound)
}

func (m *machine) resume(r *rapid.T) {
	_, err := m.edits.Resume(m.t.Context(), id(r), rapid.Bool().Draw(r, "run missed"), job.Author{})
	must(r, err, job.ErrNotFound)
}

// web is the label that some jobs have.
var web = job.Scope{LabelName: "team", LabelValue: "web"}

// scope is everything, or a label.
func scope(r *rapid.T) job.Scope {
	if rapid.Bool().Draw(r, "everything") {
		return job.Scope{}
	}
	return web
}

func (m *machine) hold(r *rapid.T) {
	_, err := m.edits.PauseMany(m.t.Context(), scope(r), job.Author{Reason: "model"})
	must(r, err, job.ErrNotFound)
}

func (m *machine) release(r *rapid.T) { m.resumeMany(r, scope(r), rapid.Bool().Draw(r, "run missed")) }

func (m *machine) resumeMany(r *rapid.T, s job.Scope, runMissed bool) {
	_, err := m.edits.ResumeMany(m.t.Context(), s, runMissed, job.Author{})
	must(r, err, job.ErrNotFound)
}

func (m *machine) skipNext(r *rapid.T) {
	_, err := m.edits.SkipNext(m.t.Context(), id(r), job.Author{Reason: "model"})
	must(r, err, job.ErrNotFound)
}

func (m *machine) runNow(r *rapid.T) {
	_, err := m.edits.RunNow(m.t.Context(), id(r), "", job.Author{})
	must(r, err, job.ErrNotFound, job.ErrPaused, job.ErrNoRoom)
}

// cancel cancels an attempt that executes, or all runs of a job.
func (m *machine) cancel(r *rapid.T) {
	list := m.attempts()
	if len(list) == 0 || rapid.Bool().Draw(r, "all") {
		_, err := m.edits.CancelAll(m.t.Context(), id(r), job.Author{Reason: "model"})
		must(r, err, job.ErrNotFound)
		return
	}
	x := rapid.SampledFrom(list).Draw(r, "attempt")
	_, err := m.edits.Cancel(m.t.Context(), x.JobID, x.RunID, job.Author{Reason: "model"})
	must(r, err, job.ErrNotFound, job.ErrEnded)
}

// time moves the clock: mostly by a few fire times, sometimes by an outage, sometimes back.
func (m *machine) time(r *rapid.T) {
	m.ahead(time.Duration(rapid.SampledFrom([]int{1, 2, 5, 10, 60, 2000, -1, -3}).Draw(r, "seconds")) * time.Second)
}

// tick lets all nodes claim at the same time.
func (m *machine) tick(r *rapid.T) {
	var g sync.WaitGroup
	for _, n := range m.nodes {
		g.Go(func() {
			if _, err := n.Tick(m.t.Context()); err != nil {
				r.Errorf("tick: %v", err)
			}
		})
	}
	g.Wait()
}

// end ends an attempt that executes.
func (m *machine) end(r *rapid.T) {
	if list := m.attempts(); len(list) > 0 {
		outcome := rapid.SampledFrom([]job.Outcome{job.Succeeded, job.Failed, job.TimedOut}).Draw(r, "outcome")
		rapid.SampledFrom(list).Draw(r, "attempt").end(outcome)
	}
}

// end lets an attempt end, unless it has been told to already.
func (x *execution) end(o job.Outcome) {
	select {
	case x.result <- job.Result{Outcome: o}:
	default:
	}
}

// meet lets a fire come at the limit, where nothing waits yet, while the instance in the way ends: the moment in which
// a wake-up is lost if a look parks a job whose list it has filled.
func (m *machine) meet(r *rapid.T) {
	x, every := m.full(r, job.OverlapWait)
	m.ahead(every)
	after := time.Duration(rapid.IntRange(0, 8).Draw(r, "milliseconds")) * time.Millisecond
	var ending sync.WaitGroup
	ending.Go(func() { <-time.After(after); x.end(job.Succeeded) })
	m.tick(r)
	ending.Wait()
}

// park lets a job be parked with a run that waits, and then ends the instance in the way: it is lost if nobody wakes
// the job.
func (m *machine) park(r *rapid.T) {
	x, _ := m.full(r, job.OverlapWait)
	_, err := m.edits.RunNow(m.t.Context(), x.JobID, "", job.Author{})
	must(r, err, job.ErrNoRoom) // as many wait already
	m.tick(r)
	m.tick(r)
	x.end(job.Succeeded)
	m.awaitEnd(x)
}

// crowd lets a fire come at the limit of a job whose fires do not wait.
func (m *machine) crowd(r *rapid.T) {
	_, every := m.full(r, rapid.SampledFrom([]string{job.OverlapSkip, job.OverlapReplace}).Draw(r, "overlap"))
	m.ahead(every)
	m.tick(r)
}

// anew removes a job while a run of it executes that would be tried again, sometimes adds it again under its id, and
// lets the attempt fail: no other follows, of neither definition.
func (m *machine) anew(r *rapid.T) {
	x, _ := m.full(r, job.OverlapWait)
	m.removeJob(r, x.JobID)
	if rapid.Bool().Draw(r, "added again") {
		m.addJob(r, x.JobID)
	}
	x.end(job.Failed)
	m.awaitEnd(x)
	m.ahead(time.Minute)
	m.tick(r)
}

// awaitEnd waits until the end of an attempt is recorded.
func (m *machine) awaitEnd(x *execution) {
	storetest.Await(m.t, m.rows, "the end of "+x.RunID.String(),
		"SELECT count(*) > 0 FROM pgdue.run_history WHERE run_id = $1 AND attempt = $2", x.RunID, x.Instance.Attempt)
}

// full brings a job that fires seldom to its limit of one instance, with nothing that waits. The run is tried again if
// it fails.
func (m *machine) full(r *rapid.T, overlap string) (x *execution, every time.Duration) {
	id := id(r)
	g := m.alive(id)
	if g == nil {
		r.Skip("there is no such job")
	}
	every = g.epochs[len(g.epochs)-1].every
	if every < 20*time.Second {
		r.Skip("its next fire would hide what is lost")
	}
	d := m.definition(r, id, g.tag, int(every/time.Second))
	d.MaxInstances, d.Overlap, d.MaxAttempts, d.Coalesce, d.MisfireGraceTime = 1, overlap, 3, job.CoalesceLatest, 0
	_, err := m.edits.Put(m.t.Context(), d, job.Author{})
	must(r, err)
	_, err = m.edits.Resume(m.t.Context(), id, false, job.Author{})
	must(r, err)
	m.resumeMany(r, job.Scope{}, false)
	m.resumeMany(r, web, false)
	_, err = m.edits.CancelAll(m.t.Context(), id, job.Author{Reason: "model"})
	must(r, err)
	storetest.Await(m.t, m.rows, "no run of "+id, "SELECT count(*) = 0 FROM pgdue.running_instances WHERE job_id = $1",
		id)
	for len(m.attemptsOf(id)) == 0 {
		m.aheadTo(id)
		m.tick(r)
	}
	return m.attemptsOf(id)[0], every
}

func (m *machine) attemptsOf(id string) []*execution {
	return slices.DeleteFunc(m.attempts(), func(x *execution) bool { return x.JobID != id })
}

// die kills a node with its attempts, lets another take over, and starts a new one.
func (m *machine) die(r *rapid.T) {
	i := rapid.IntRange(0, len(m.nodes)-1).Draw(r, "node")
	n := m.nodes[i]
	m.nodes = slices.Delete(m.nodes, i, i+1)
	n.kill()
	must(r, m.takeOver(n.Name))
	m.start()
}

// claimed lets the nodes claim until nothing is due.
func (m *machine) claimed(r *rapid.T) {
	m.resumeMany(r, job.Scope{}, false)
	var due []invariant.Violation
	for range 50 {
		m.tick(r)
		var err error
		due, err = invariant.Check(m.t.Context(), m.rows, invariant.Claimed)
		must(r, err)
		if len(due) == 0 {
			return
		}
	}
	r.Fatalf("after 50 claims:\n%s", invariant.Lines(due))
}

func (m *machine) check(r *rapid.T) {
	for _, ask := range []func() (string, error){m.world.holds, m.world.check} {
		fault, err := ask()
		must(r, err)
		if fault != "" {
			r.Fatal(fault)
		}
	}
}
