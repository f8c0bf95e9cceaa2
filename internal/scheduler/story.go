package scheduler

import (
	"errors"
	"log/slog"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// story tells an operator what happens on a node. Every line that the loops log is written here, by one method per
// thing that happened, so the whole story can be read in one file. The loops know whether something is to be told; the
// story knows with which words, and how loudly: info is what an operator would tell a colleague, a warning has healed
// itself or tells of a skip, and an error waits for a person.
type story struct {
	log      *slog.Logger
	node     string // its name
	refusals refusals
}

// The node.

func (s *story) registered(n job.Node) {
	s.log.Info("node registered", "node", s.node, "node_id", n.ID, "queues", n.Queues)
}

func (s *story) restoredCopy(found job.Identified) {
	s.log.Warn(
		"this database looks like a restored copy, so everything is paused; `scheduler resume --all` to fire here",
		"node", s.node, "copy_of", found.CopyOf, "paused_at", found.Pause.PausedAt, "by", found.Pause.PausedBy,
		"reason", found.Pause.Reason)
}

func (s *story) notListening(err error) {
	s.log.Debug("not listening; polling goes on", "node", s.node, "err", err)
}

func (s *story) drains(runs int, atMost time.Duration) {
	s.log.Info("waiting for runs to end; nothing more is claimed", "node", s.node, "runs", runs, "for_at_most", atMost)
}

func (s *story) drainingNotTold(err error) {
	s.log.Debug("the node's row does not say that it drains", "node", s.node, "err", err)
}

func (s *story) stopsRuns(runs int) {
	s.log.Warn("runs are stopped: the node does not wait for them any longer", "node", s.node, "runs", runs)
}

func (s *story) endsUnrecorded(runs int) {
	s.log.Error("ends of runs could not be recorded before the node stopped; others end these runs as lost",
		"node", s.node, "runs", runs)
}

func (s *story) stopped() { s.log.Info("node stopped", "node", s.node) }

// Its lease.

func (s *story) notRenewed(trustedFor time.Duration, err error) {
	s.log.Warn("lease not renewed", "node", s.node, "trusted_for", trustedFor, "err", err)
}

func (s *story) renewedAgain(failedFor time.Duration) {
	s.log.Info("lease renewed again", "node", s.node, "failed_for", failedFor.Round(time.Millisecond))
}

func (s *story) leaseRanOut() {
	s.log.Warn("lease ran out before it could be renewed; nothing begins until it is, and runs of jobs with "+
		"on_contact_lost stop are stopped", "node", s.node)
}

func (s *story) markedDead() {
	s.log.Warn("another node judged this one dead; its work is stopped", "node", s.node)
}

// Claims.

func (s *story) tickFailed(err error) {
	s.log.Warn("due jobs were not looked at; trying again", "node", s.node, "err", err)
}

func (s *story) decidingPanicked(jobID string, p any, stack []byte) {
	s.log.Error("deciding a job panicked", "job", jobID, "err", p, "stack", string(stack))
}

func (s *story) blocked(jobID, reason string) {
	s.log.Error("job blocked; correct it and put it again", "job", jobID, "err", reason)
}

func (s *story) notEvenBlocked(jobID string, err error) {
	s.log.Error("job can be neither claimed nor blocked; correct it", "job", jobID, "err", err)
}

func (s *story) doubtResolved(c policy.Claim, committed bool) {
	s.log.Warn("a claim's commit got no answer; its rows were read back", "node", s.node,
		"jobs", len(c.Decided), "committed", committed)
}

// Runs.

func (s *story) began(d policy.Decided, r policy.Start) {
	s.log.Info("run began", "job", r.JobID, "run", r.RunID, "attempt", r.Attempt,
		"scheduled_run_time", r.ScheduledRunTime, "lateness", d.Now.Sub(r.ScheduledRunTime))
}

func (s *story) ended(i job.Instance, r job.Result, took time.Duration) {
	attrs := []any{"job", i.JobID, "run", i.RunID, "attempt", i.Attempt, "outcome", r.Outcome,
		"duration", took.Round(time.Microsecond)}
	if r.Outcome == job.Succeeded {
		s.log.Info("run ended", attrs...)
		return
	}
	s.log.Warn("run ended", append(attrs, "err", r.Error)...)
}

func (s *story) trouble(i job.Instance, trouble string) {
	s.log.Error("run cannot be stopped; it goes on to be counted", "job", i.JobID, "run", i.RunID, "attempt", i.Attempt,
		"trouble", trouble)
}

func (s *story) replaced(r policy.Replaced) {
	s.log.Info("run is being replaced", "job", r.JobID, "run", r.RunID, "reason", r.Request.Reason)
}

func (s *story) othersNotTold(err error) {
	s.log.Warn("nodes were not told to cancel runs; they look by themselves", "within", job.BeatEvery, "err", err)
}

func (s *story) cancelsNotRead(err error) {
	s.log.Warn("requests to cancel runs were not looked for; trying again", "node", s.node, "err", err)
}

// Ends of runs.

func (s *story) notRecorded(runs int, err error) {
	s.log.Warn("ends of runs not recorded yet; trying again", "node", s.node, "runs", runs, "err", err)
}

func (s *story) recordedWithoutOutput(r job.Record, err error) {
	s.log.Error("the end of a run could not be recorded as it was; its output is left out",
		"job", r.JobID, "run", r.RunID, "err", err)
}

// refused tells of an end that the database did not take: it refused it, of which many are told now and then, or
// somebody holds the job's row.
func (s *story) refused(r job.Record, again time.Duration, err error) {
	if errors.Is(err, job.ErrLocked) {
		s.log.Warn("the end of a run waits for its job's row, which another session holds; its instance goes on to be "+
			"counted", "job", r.JobID, "run", r.RunID, "outcome", r.Outcome, "again_in", again, "err", err)
		return
	}
	untold, tell := s.refusals.count(time.Now())
	if !tell {
		return
	}
	s.log.Error("the end of a run is refused by the database; its instance goes on to be counted until it is taken",
		"job", r.JobID, "run", r.RunID, "outcome", r.Outcome, "again_in", again, "not_logged", untold, "err", err)
}

func (s *story) staleEnds(runs int) {
	s.log.Warn("ends of runs that had been taken over were ignored", "node", s.node, "runs", runs)
}

func (s *story) waitingNotMadeDue(err error) {
	s.log.Warn("waiting runs not woken; their jobs are looked at again soon", "node", s.node,
		"within", policy.RelookAtLimit, "err", err)
}

// Skips.

func (s *story) fireTimesSkipped(r job.Record) {
	s.log.Info("fire times skipped", "job", r.JobID, "reason", r.Reason, "count", r.FireCount,
		"first", r.FirstRunTime, "last", r.LastRunTime)
}

func (s *story) skippedAtLimit(r job.Record, l *policy.AtLimit, w warning) {
	attrs := append([]any{"job", r.JobID, "run", r.RunID, "scheduled_run_time", r.ScheduledRunTime}, limitAttrs(l)...)
	if w.besides > 0 {
		attrs = append(attrs, "skipped_besides", w.besides)
	}
	if w.last {
		attrs = append(attrs, "note", "further skips of this job are summed up once a minute")
	}
	s.log.Warn("run skipped", attrs...)
}

func (s *story) skippedSince(jobID string, count int, since time.Time, l *policy.AtLimit) {
	s.log.Warn("runs skipped", append([]any{"job", jobID, "count", count, "since", since.UTC()}, limitAttrs(l)...)...)
}

func limitAttrs(l *policy.AtLimit) []any {
	return []any{"reason", l.Reason(), "instance", l.Oldest.RunID, "running_since", l.Oldest.StartedAt,
		"on_node", l.Oldest.Where(), "remedy", l.Remedy()}
}

// Pauses.

func (s *story) paused(p job.Pause) {
	attrs := []any{"what", p.Scope.String(), "since", p.PausedAt, "by", p.PausedBy, "reason", p.Reason,
		"remedy", p.ResumeCommand()}
	if p.Everything() {
		s.log.Warn("everything is paused: no run begins on any node", attrs...)
		return
	}
	s.log.Info("paused: runs of these jobs do not begin", attrs...)
}

func (s *story) pauseOver(scope job.Scope) { s.log.Info("pause is over", "what", scope.String()) }

// Take-overs.

func (s *story) peerMarkedDead(p job.Peer) {
	s.log.Warn("node judged dead", "node", s.node, "dead_node", p.Name, "silent_for", job.DeadAfter)
}

func (s *story) lost(r job.Record, p job.Peer) {
	s.log.Warn("run lost", "job", r.JobID, "run", r.RunID, "attempt", r.Attempt,
		"scheduled_run_time", r.ScheduledRunTime, "dead_node", p.Name, "outcome", job.Lost)
}

func (s *story) takenOver(p job.Peer) {
	s.log.Info("take-over finished", "node", s.node, "dead_node", p.Name)
}

func (s *story) takeOverFailed(p job.Peer, err error) {
	s.log.Warn("take-over did not finish; it is tried again", "node", s.node, "dead_node", p.Name, "err", err)
}

// Alerts.

func (s *story) endedNotJudged(err error) {
	s.log.Warn("jobs whose runs ended were not judged; they are looked at again soon", "node", s.node,
		"within", judgeAllEvery, "err", err)
}

func (s *story) notAllJudged(err error) {
	s.log.Warn("jobs were not all judged; trying again", "node", s.node, "err", err)
}

func (s *story) judged(j policy.Judged) {
	a := j.Alert
	attrs := []any{"job", j.JobID, "alert", a.ID, "since", a.Since, "paused", a.Paused, "call", a.HTTP != nil,
		"reason", a.Sentence}
	switch a.Kind {
	case job.AlertRecovery:
		s.log.Info("job recovered", attrs...)
	case job.AlertSilence:
		s.log.Warn("job found silent", attrs...)
	default:
		s.log.Warn("job found failing", append(attrs, "failures", a.Failures)...)
	}
}

func (s *story) callsNotRead(err error) {
	s.log.Warn("alerts were not looked for; trying again", "node", s.node, "err", err)
}

func (s *story) delivered(a job.Alert) { s.log.Info("alert delivered", callAttrs(a)...) }

func (s *story) callAborted(a job.Alert) {
	s.log.Info("alert's call aborted; it is made again", append(callAttrs(a), "err", a.LastError)...)
}

func (s *story) callFailed(a job.Alert, again time.Duration) {
	s.log.Warn("alert not delivered; trying again", append(callAttrs(a), "again_in", again, "err", a.LastError)...)
}

func (s *story) callGivenUp(a job.Alert) {
	s.log.Error("alert not delivered, and given up", append(callAttrs(a),
		"err", a.LastError, "sentence", a.Sentence)...)
}

func (s *story) callNotRecorded(a job.Alert, err error) {
	s.log.Warn("how an alert's call ended is not recorded; it is made once more",
		"job", a.JobID, "alert", a.ID, "err", err)
}

func callAttrs(a job.Alert) []any {
	return []any{"job", a.JobID, "alert", a.ID, "kind", a.Kind, "attempt", a.Attempts}
}

// Housekeeping.

func (s *story) kept(h job.Housekeeping) {
	s.log.Info("history kept", "node", s.node, "partitions_made", h.Made, "partitions_dropped", h.Dropped,
		"rows_folded", h.Folded, "events_deleted", h.Forgotten, "days_ahead", h.DaysAhead)
}

func (s *story) notKept(err error) {
	s.log.Warn("housekeeping did not succeed; it is tried again", "node", s.node, "err", err)
}

func (s *story) zonesChanged(n job.Node) {
	s.log.Info("the machine has other rules of time zones; next runs are computed anew", "node", s.node, "tzdata",
		n.TZData)
}

func (s *story) zonesDiffer(n job.Node, others []job.ZoneRules, remedy string) {
	s.log.Warn("nodes compute local times by different rules of time zones", "node", s.node, "tzdata", n.TZData,
		"others", zonesOf(others), "remedy", remedy)
}

func (s *story) rezoned(c policy.Change) {
	s.log.Info("next run moved, as the rules of time zones changed", "node", s.node, "job", c.After.ID, "from",
		c.Before.NextRunTime, "to", c.After.NextRunTime)
}

func (s *story) zonesNotLookedAt(err error) {
	s.log.Warn("next runs could not be compared with the rules of time zones; it is tried again", "node", s.node,
		"err", err)
}

func (s *story) ahead(a job.Ahead, remedy string) {
	s.log.Warn("jobs stand further ahead than their triggers allow: the database's clock was set back", "node", s.node,
		"jobs", a.Jobs, "job", a.One, "remedy", remedy)
}

func (s *story) clockNotLookedAt(err error) {
	s.log.Debug("jobs that stand ahead could not be looked for", "node", s.node, "err", err)
}

func (s *story) partitionsRunOut(daysAhead int, remedy string) {
	s.log.Warn("run_history is about to be without partitions", "node", s.node, "days_ahead", daysAhead, "remedy",
		remedy)
}
