package scheduler

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/pgdue/pgdue/internal/trigger"
)

// NewJob is the job that definition d makes at now. lastRunTime is that of an earlier job of the same id, or zero. An
// *InvalidError says that its trigger can never fire.
func NewJob(d Definition, now time.Time, revision int64, lastRunTime time.Time) (Job, error) {
	j := Job{
		Definition: d, CreatedAt: now, UpdatedAt: now, Revision: revision, CreatedRevision: revision,
		LastRunTime: lastRunTime,
	}
	return j, j.arm(d.Trigger, now)
}

// arm anchors the trigger at now and sets the first fire time after any that this id has had.
func (j *Job) arm(t *trigger.Trigger, now time.Time) error {
	j.Trigger, j.Anchor = t.Anchored(now), now
	if err := j.Trigger.Never(); err != nil {
		var te *trigger.Error
		if errors.As(err, &te) {
			return Invalid("trigger."+te.Field, "%s", te.Message)
		}
		return Invalid("trigger", "%s", err)
	}
	j.PausedAt, j.PausedBy, j.PausedReason = time.Time{}, "", ""
	if j.LastRunTime.After(now) { // skipped ahead, of the trigger before; or the clock was set back
		j.LastRunTime = time.Time{}
	}
	j.nextFire(j.LastRunTime, now)
	if j.State == StateFinished { // its only fire time is the moment of one that this id has had
		j.nextFire(time.Time{}, now)
	}
	return nil
}

// Redefine gives j the definition d at now. An equal definition changes nothing. Anchor, next run time and pause are kept
// unless the trigger changes; then fire times that were due and are dropped come back as records. A blocked job is
// active again.
func (j Job) Redefine(d Definition, now time.Time, revision int64) (changed Job, dropped []Record, err error) {
	sameTrigger := j.Trigger != nil && equalJSON(j.Trigger, d.Trigger)
	if sameTrigger && j.State != StateBlocked && j.Definition.equal(d) {
		return j, nil, nil
	}
	changed = j
	if !sameTrigger {
		changed, dropped, err = j.Reschedule(d.Trigger, now)
	}
	d.Trigger = changed.Trigger // anchored
	changed.Definition, changed.UpdatedAt, changed.Revision = d, now, revision
	if sameTrigger && !maps.Equal(j.Labels, d.Labels) {
		changed, dropped = changed.relabelled(&j, now)
	}
	switch {
	case j.State == StateBlocked && sameTrigger:
		changed.unblock(now)
	case j.State != StatePaused && j.busy():
		changed.DueAt = now // a look begins what the changed limits allow, and gives up what they do not
	}
	return changed, dropped, err
}

// unblock makes a blocked job due at once: the next look decides the fire times it missed.
func (j *Job) unblock(now time.Time) {
	j.State, j.Error = StateActive, ""
	if j.NextRunTime.IsZero() {
		j.nextFire(j.LastRunTime, now)
	}
	j.lookSoon(now)
}

// lookSoon makes j due at now, where a look finds what waits or is between attempts and sets the due time. A finished job
// with neither is left alone: a look would remove it.
func (j *Job) lookSoon(now time.Time) {
	if j.State == StateActive || j.busy() {
		j.DueAt = now
	}
}

// Dropped is the record of the fire times that are due at now and will not be begun, none when there are none.
func (j *Job) Dropped(reason Reason, now time.Time, why string) []Record {
	if j.NextRunTime.IsZero() || j.NextRunTime.After(now) {
		return nil
	}
	r := j.SkipRecord(reason, j.NextRunTime, now)
	r.Sentence = fmt.Sprintf("%s %s", plural(r.FireCount, "fire time was", "fire times were"), why)
	return []Record{r}
}

// equal compares all but the trigger.
func (d Definition) equal(e Definition) bool {
	return maps.Equal(d.Labels, e.Labels) && equalWork(d.Work, e.Work) && d.MaxInstances == e.MaxInstances &&
		d.Overlap == e.Overlap && d.MaxWaiting == e.MaxWaiting && d.Coalesce == e.Coalesce &&
		d.MisfireGraceTime == e.MisfireGraceTime && d.Timeout == e.Timeout && d.MaxAttempts == e.MaxAttempts && d.Retry == e.Retry &&
		slices.Equal(d.RetryOn, e.RetryOn) && d.History == e.History && equalJSON(d.OnFailure, e.OnFailure) &&
		d.AlertIfNoSuccessFor == e.AlertIfNoSuccessFor
}

func equalWork(a, b Work) bool {
	return a.Executor() == b.Executor() && equalJSON(a, b)
}

// equalJSON compares by what is stored, in which absent and empty are the same.
func equalJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	if errX != nil || errY != nil {
		return reflect.DeepEqual(a, b)
	}
	return bytes.Equal(x, y)
}
