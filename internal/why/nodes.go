package why

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/say"
)

const (
	// lateClaim is how long something may be due before that is worth a word: a poll, a claim, and some.
	lateClaim = 2 * job.DefaultPoll
	// clocksDiffer is the difference of two clocks from which on a person would wonder.
	clocksDiffer = 2 * time.Second
)

// claimable says whether something is due that a node should claim by now.
func (f *Facts) claimable() bool {
	return !f.Job.DueAt.IsZero() && !f.Job.DueAt.After(f.Now) && f.Job.State != job.StatePaused &&
		f.Job.State != job.StateBlocked
}

// serves says whether a node renews its lease and claims the job's queue.
func (f *Facts) serves(n *NodeFact) bool {
	return n.Alive && n.DrainingSince == nil && f.Now.Sub(n.BeatAt) < job.DeadAfter &&
		slices.Contains(n.Queues, f.Queue)
}

func (f *Facts) servers() (list []NodeFact) {
	for i := range f.Nodes {
		if f.serves(&f.Nodes[i]) {
			list = append(list, f.Nodes[i])
		}
	}
	return list
}

// noNode tells of the queue that nobody serves, unless the job would not run anyway.
func noNode(f *Facts) []Finding {
	if !f.Known || !f.goesOn() || len(f.servers()) > 0 {
		return nil
	}
	if f.Queue == "" {
		return []Finding{inTheWay(WhyBlocked,
			"it has no row in pgdue.next_run_times, so that no claim finds it: the row was deleted by hand; any edit "+
				"makes it anew", "scheduler resume "+f.ID)}
	}
	var alive []string
	for _, n := range f.Nodes {
		if n.Alive && f.Now.Sub(n.BeatAt) < job.DeadAfter {
			does := strings.Join(n.Queues, ", ")
			if n.DrainingSince != nil {
				does += ", draining since " + say.Time(*n.DrainingSince)
			}
			alive = append(alive, fmt.Sprintf("%s (%s)", n.Name, does))
		}
	}
	who := "no node is alive at all"
	if len(alive) > 0 {
		who = "alive are " + several(alive)
	}
	return []Finding{inTheWay(WhyNoNode, fmt.Sprintf("no live node serves its queue, %s; %s", f.Queue, who),
		startNode(f.Queue))}
}

// startNode is how to start a node that serves a queue.
func startNode(queue string) string {
	if kind := job.KindOf(job.ExecutorOf(queue)); kind != nil {
		return kind.Serve
	}
	return "start a node that serves the queue " + queue
}

// slotsTaken tells of nodes that all are full. That stands in the way of what is due.
func slotsTaken(f *Facts) []Finding {
	servers := f.servers()
	var full []string
	for _, n := range servers {
		if n.Taken < n.Slots {
			return nil
		}
		full = append(full, fmt.Sprintf("%s (%d of %d)", n.Name, n.Taken, n.Slots))
	}
	if len(full) == 0 {
		return nil
	}
	return []Finding{finding(WhySlotsTaken, f.claimable(),
		fmt.Sprintf("all slots of the queue %s are taken on each node that serves it: %s", f.Queue, several(full)),
		fmt.Sprintf("start another node, or these with more than --slots %d; what takes them: "+
			"SELECT job_id, count(*) FROM pgdue.running_instances GROUP BY job_id ORDER BY 2 DESC LIMIT 10",
			servers[0].Slots))}
}

// notClaimed is the evidence that something is wrong, whatever it is.
func notClaimed(f *Facts) []Finding {
	late := f.Now.Sub(f.Job.DueAt)
	if !f.claimable() || late < lateClaim || len(f.Pauses) > 0 {
		return nil
	}
	var remedy string
	if full := slotsTaken(f); len(f.servers()) > 0 && len(full) == 0 && len(f.Holders) == 0 {
		var names []string
		for _, n := range f.servers() {
			names = append(names, n.Name)
		}
		remedy = fmt.Sprintf("look at the log, and at /readyz, of the nodes that serve its queue: %s", several(names))
	}
	return []Finding{inTheWay(WhyNotClaimed,
		fmt.Sprintf("it is due since %s (%s), and no node has claimed it", say.Time(f.Job.DueAt), inShort(late)),
		remedy)}
}

// stuckRuns tells of runs that cannot be stopped.
func stuckRuns(f *Facts) (found []Finding) {
	for _, i := range f.Live {
		if i.Trouble != "" && i.State == job.InstanceExecuting {
			found = append(found,
				toKnow(WhyStuck, fmt.Sprintf("run %s cannot be stopped on %s, and goes on to be counted: %s",
					i.RunID, i.Where(), i.Trouble), ""))
		}
	}
	return found
}

// silentNodes tells of nodes that do not renew their leases, and of instances whose node has no row.
func silentNodes(f *Facts) (found []Finding) {
	rows := map[uuid.UUID]bool{}
	for _, n := range f.Nodes {
		rows[n.ID] = true
		silent := f.Now.Sub(n.BeatAt)
		if n.Alive && silent < job.LeaseTime {
			continue
		}
		s := fmt.Sprintf("node %s has not renewed its lease since %s (%s)", n.Name, say.Time(n.BeatAt), inShort(silent))
		if !n.Alive {
			s = fmt.Sprintf("node %s was judged dead, and what it ran is being ended as lost", n.Name)
		}
		found = append(found, f.silent(n.ID, n.BeatAt, s, n.Queues))
	}
	for _, i := range f.Live {
		if i.State == job.InstanceExecuting && !rows[i.NodeID] {
			rows[i.NodeID] = true
			found = append(found,
				f.silent(i.NodeID, time.Time{}, fmt.Sprintf("node %s has no row in pgdue.nodes", i.NodeID), nil))
		}
	}
	return found[:min(len(found), 5)]
}

// silent is the finding on one such node: how many instances of the job it holds, and who will free them.
func (f *Facts) silent(id uuid.UUID, lastBeat time.Time, sentence string, queues []string) Finding {
	var held int64
	for _, i := range f.Live {
		if i.NodeID == id {
			held++
		}
	}
	if held > 0 {
		sentence += fmt.Sprintf("; it holds %s of this job", say.Count(held, "instance", "instances"))
	}
	for _, n := range f.Nodes {
		if n.ID != id && n.Alive && f.Now.Sub(n.BeatAt) < job.LeaseTime {
			since := "its last renewal"
			// a node counts by its own clock, from when it began to watch
			if f.Now.Sub(lastBeat) >= job.DeadAfter+job.BeatEvery {
				since = "its own start, or its return to the database"
			}
			return toKnow(WhyNodeSilent,
				sentence+fmt.Sprintf("; %s frees what it holds within %s of %s", n.Name, job.DeadAfter+job.BeatEvery,
					since), "")
		}
	}
	queue := f.Queue
	if len(queues) > 0 && !slices.Contains(queues, queue) {
		queue = queues[0]
	}
	return toKnow(WhyNodeSilent, sentence+"; no other node is alive to free what it holds", startNode(queue))
}

// aheadOfTrigger tells of a next run that looks as planned and lies too far ahead.
func aheadOfTrigger(f *Facts) []Finding {
	due, ahead := f.Ahead()
	if !ahead || f.Err != nil {
		return nil
	}
	return []Finding{inTheWay(WhyAhead, fmt.Sprintf("its next run, %s, lies %s further ahead than its trigger allows "+
		"from now, %s; the database's clock was set back since that was decided", f.when(f.Job.NextRunTime),
		inShort(f.Job.NextRunTime.Sub(due)), f.when(due)),
		"scheduler mend-clock --apply")}
}

// zoneRulesDiffer tells of nodes that would fire the job at different instants.
func zoneRulesDiffer(f *Facts) []Finding {
	if f.Job.Trigger == nil || f.Job.Trigger.Rules() == 0 {
		return nil
	}
	known := map[int64]bool{}
	var names []string
	for _, n := range f.Nodes {
		if n.Alive && f.Now.Sub(n.BeatAt) < job.DeadAfter && n.ZoneRules != 0 {
			known[n.ZoneRules] = true
			names = append(names, fmt.Sprintf("%s (tzdata %s)", n.Name, n.TZData))
		}
	}
	if len(known) < 2 {
		return nil
	}
	return []Finding{toKnow(WhyZoneRules, fmt.Sprintf("nodes compute its local times by different rules of time "+
		"zones: %s; which of them decides a fire sets the next one", several(names)),
		"give all machines the same tzdata; each node sees it within ten minutes")}
}

func clockDiffers(f *Facts) []Finding {
	ahead := "ahead of"
	if f.Skew < 0 {
		ahead = "behind"
	}
	if f.Skew.Abs()-f.SkewWithin < clocksDiffer {
		return nil
	}
	return []Finding{toKnow(WhyClock,
		fmt.Sprintf("the database's clock is %s %s that of the process that answers (it shows %s); fire times follow "+
			"the database's",
			inShort(f.Skew.Abs()), ahead, say.Time(f.Now)),
		"synchronise the clocks of both machines (chronyc tracking)")}
}

// several lists some of many.
func several(list []string) string {
	const most = 5
	if more := len(list) - most; more > 0 {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(list, ", ")
}
