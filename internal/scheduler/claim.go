package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// claimer claims due jobs, as many as it has free slots, and starts the runs that the claim began. Several goroutines
// may let it tick.
type claimer struct {
	store    Store
	node     uuid.UUID
	batch    int
	poll     time.Duration
	lease    *lease
	slots    *slots
	decider  *decider
	doubts   *doubts
	attempts *attempts
	cancels  *cancelLoop
	skips    *skips
	story    *story
	metrics  Metrics
}

// lockedWait is the wait when something is due but locked by somebody else.
const lockedWait = 250 * time.Millisecond

// tick claims once, and says when to claim again. ErrLeaseLost: this node may never claim again.
func (c *claimer) tick(ctx context.Context) (next time.Time, err error) {
	if err := c.doubts.resolve(ctx, c.resolved); err != nil {
		return time.Time{}, err
	}
	if !c.lease.trusted() {
		return time.Now().Add(job.BeatEvery), nil
	}
	want := c.slots.take(c.batch)
	if len(want) == 0 {
		return time.Now().Add(c.poll), nil // an ending run wakes the loop
	}
	claim, err := c.store.Claim(ctx, policy.ClaimRequest{Node: c.node, Want: want}, c.decider.decide)
	switch {
	case errors.Is(err, job.ErrRejected) && len(claim.Decided) > 0:
		c.slots.giveUnused(want, policy.Claim{})
		return c.oneByOne(ctx, claim)
	case errors.Is(err, job.ErrCommitUnknown):
		c.slots.giveUnused(want, claim)
		c.doubts.add(claim)
		return time.Time{}, err
	case err != nil:
		c.slots.giveUnused(want, policy.Claim{})
		return time.Time{}, fmt.Errorf("claim due jobs: %w", err)
	}
	c.slots.giveUnused(want, claim)
	c.carryOut(ctx, claim)
	return c.nextTick(ctx, want, claim)
}

// resolved goes on with a claim that was in doubt: now it is known whether it was committed.
func (c *claimer) resolved(ctx context.Context, claim policy.Claim, committed bool) {
	if committed {
		c.carryOut(ctx, claim)
	} else {
		c.slots.refund(claim)
	}
}

// carryOut does what a committed claim decided: it cancels what is replaced, tells what is blocked and skipped, and
// starts what began.
func (c *claimer) carryOut(ctx context.Context, claim policy.Claim) {
	if len(claim.Decided) > 0 {
		c.metrics.Claimed(claim)
	}
	c.cancels.replace(ctx, claim)
	for _, d := range claim.Decided {
		if d.Decision.State == job.StateBlocked {
			c.story.blocked(d.Job.ID, d.Decision.Error)
		}
		for _, r := range d.Decision.Skip {
			c.skips.skipped(d, r)
		}
		for _, r := range d.Decision.Begin {
			c.attempts.start(d, r)
		}
	}
}

// nextTick says when to claim again: at once where the claim was cut off by its limit, else at the earliest due time.
func (c *claimer) nextTick(ctx context.Context, want map[string]int, claim policy.Claim) (time.Time, error) {
	locked := map[string]int{}
	for _, d := range claim.Decided {
		if locked[d.Queue]++; locked[d.Queue] == want[d.Queue] {
			return time.Now(), nil
		}
	}
	in, some, err := c.store.NextDue(ctx, c.slots.available())
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("read the next due time: %w", err)
	case !some:
		return time.Now().Add(c.poll), nil
	case in <= 0 && len(claim.Decided) == 0:
		return time.Now().Add(lockedWait), nil
	}
	return time.Now().Add(in), nil
}

// oneByOne claims the jobs of a batch that the database refused each alone, and blocks those that it refuses again: one
// bad row must not hold up the others.
func (c *claimer) oneByOne(ctx context.Context, batch policy.Claim) (next time.Time, err error) {
	var wait time.Duration
	for _, d := range batch.Decided {
		again, err := c.alone(ctx, d)
		if err != nil {
			return time.Time{}, err
		}
		wait = max(wait, again)
	}
	return time.Now().Add(wait), nil
}

// alone claims one job, and says how long to wait before the next tick.
func (c *claimer) alone(ctx context.Context, d policy.Decided) (wait time.Duration, err error) {
	one := policy.ClaimRequest{Node: c.node, Want: map[string]int{d.Queue: 1}, Only: []string{d.Job.ID}}
	claim, err := c.store.Claim(ctx, one, c.decider.decide)
	switch {
	case errors.Is(err, job.ErrRejected):
		return c.block(ctx, d.Job.ID, err)
	case errors.Is(err, job.ErrCommitUnknown):
		c.slots.spend(claim)
		c.doubts.add(claim)
		return 0, err
	case err != nil:
		return 0, fmt.Errorf("claim job %s alone: %w", d.Job.ID, err)
	}
	c.slots.spend(claim)
	c.carryOut(ctx, claim)
	return 0, nil
}

// block makes a job blocked. One of which the database refuses that too stays due; then the next tick waits a little.
func (c *claimer) block(ctx context.Context, jobID string, reason error) (wait time.Duration, err error) {
	err = c.store.Block(ctx, jobID, reason.Error())
	switch {
	case errors.Is(err, job.ErrRejected):
		c.story.notEvenBlocked(jobID, err)
		return afterTrouble, nil
	case err != nil:
		return 0, fmt.Errorf("block job %s: %w", jobID, err)
	}
	c.metrics.Blocked()
	c.story.blocked(jobID, reason.Error())
	return 0, nil
}
