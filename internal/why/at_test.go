package why

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

func TestStoryAt(t *testing.T) {
	record := func(v job.RunView) func(*Facts) { return func(f *Facts) { f.AtRuns = []job.RunView{v} } }
	span := skippedAt(-60)
	span.FireCount, span.FirstRunTime, span.LastRunTime = 12, at(-60), at(-5)
	for _, c := range []struct {
		name   string
		at     float64
		change func(*Facts)
		want   string
	}{
		{"ran", 0, record(ranAt(0, job.Succeeded, true)),
			"the run of 2026-03-01 09:00:00 UTC succeeded after 1s on web-1; recorded at 2026-03-01 09:00:00 UTC"},
		{"skipped", 0, record(skippedAt(0)),
			"the fire of 2026-03-01 09:00:00 UTC was skipped (max_instances): maximum; recorded at " +
				"2026-03-01 09:00:00 UTC"},
		{"one of many", -10, record(span),
			"one of 12 fire times from 2026-03-01 08:59:00 UTC to 2026-03-01 08:59:55 UTC was skipped " +
				"(max_instances): maximum; recorded at 2026-03-01 08:59:00 UTC"},
		{"waits", 0, record(job.RunView{State: job.RunWaiting, Record: job.Record{Run: job.Run{ScheduledRunTime: t0}}}),
			"the run of 2026-03-01 09:00:00 UTC waits and has not begun: a node looks at it any moment"},
		{"runs", 0, record(job.RunView{State: job.RunRunning,
			Record: job.Record{Run: job.Run{ScheduledRunTime: t0, Attempt: 2}, StartedAt: at(1), Node: "web-1"}}),
			"the run of 2026-03-01 09:00:00 UTC has been running since 2026-03-01 09:00:01 UTC (1s) on " +
				"web-1, attempt 2"},
		{"between attempts", 0, func(f *Facts) {
			f.AtRuns = []job.RunView{ranAt(0, job.Failed, false),
				{State: job.RunRetrying,
					Record: job.Record{Run: job.Run{RunID: uuid.Max, ScheduledRunTime: t0, Attempt: 1}}}}
		}, "the run of 2026-03-01 09:00:00 UTC is between two attempts: attempt 1 has ended"},
		{"the last attempt counts", 0,
			func(f *Facts) { f.AtRuns = []job.RunView{ranAt(0, job.Lost, false), ranAt(0, job.Failed, true)} },
			"the run of 2026-03-01 09:00:00 UTC failed after 1s on web-1; recorded at "},
		{"to come", 5, nil, "2026-03-01 09:00:05 UTC is a fire time that is still to come (in 3s)"},
		{"to come, where it was moved to", 7, func(f *Facts) { f.Job.NextRunTime, f.Job.LastRunTime = at(7), at(5) },
			"2026-03-01 09:00:07 UTC is a fire time that is still to come (in 5s)"},
		{"around one that was moved", 10.5, func(f *Facts) { f.Job.NextRunTime, f.Job.LastRunTime = at(12), at(10) },
			"2026-03-01 09:00:10.5 UTC is not a fire time of this job; the ones around it are 2026-03-01 09:00:10 " +
				"UTC and 2026-03-01 09:00:12 UTC"},
		{"after one that was moved", 13, func(f *Facts) { f.Job.NextRunTime, f.Job.LastRunTime = at(12), at(10) },
			"2026-03-01 09:00:13 UTC is not a fire time of this job; the ones around it are 2026-03-01 09:00:12 UTC " +
				"and 2026-03-01 09:00:15 UTC"},
		{"passed over by hand", 5, func(f *Facts) { f.Job.NextRunTime, f.Job.LastRunTime = at(10), at(0) },
			"2026-03-01 09:00:05 UTC is a fire time of the trigger, but no row tells of it: "},
		{"none to come", 7, nil,
			"2026-03-01 09:00:07 UTC is not a fire time of this job; the ones around it are 2026-03-01 09:00:05 UTC " +
				"and 2026-03-01 09:00:10 UTC"},
		{"none before the first", 2, nil,
			"2026-03-01 09:00:02 UTC is not a fire time of this job; the first one after it is " +
				"2026-03-01 09:00:05 UTC"},
		{"none after the last", 12, func(f *Facts) {
			f.Look = lookAt(t, `{"type":"interval","every":"5s","end":"2026-03-01T09:00:07Z"}`, t0)
			f.Now = at(60)
		},
			"2026-03-01 09:00:12 UTC is not a fire time of this job; the one before it, and the last, is " +
				"2026-03-01 09:00:05 UTC"},
		{"before it was added", -1, nil,
			"2026-03-01 08:59:59 UTC was before the job was added, at 2026-03-01 09:00:00 UTC, and there is no " +
				"record of an earlier one then"},
		{"before its trigger was changed", -1, func(f *Facts) { f.Job.CreatedAt = at(-60) },
			"2026-03-01 08:59:59 UTC was before the trigger was last changed, at 2026-03-01 09:00:00 UTC; it had no " +
				"fire time then that is recorded"},
		{"long ago", -31 * day, func(f *Facts) { f.Job.CreatedAt = at(-90 * day) },
			"no record of 2026-01-29 09:00:00 UTC is left: history is kept for 30 days (settings.history_retention)"},
		{"not decided", 5, func(f *Facts) { f.Now, f.Job.State, f.Job.PausedBy = at(60), job.StatePaused, "ada" },
			"the fire of 2026-03-01 09:00:05 UTC is not decided yet: it is paused by ada"},
		{"no row", 5, func(f *Facts) { f.Now, f.Job.NextRunTime, f.Job.DueAt = at(60), at(65), at(65) },
			"2026-03-01 09:00:05 UTC is a fire time of the trigger, but no row tells of it: "},
		{"too much", 5, func(f *Facts) { f.AtTooLong = true },
			"what is recorded since 2026-03-01 09:00:05 UTC is too much to be searched at once; walk it with " +
				"`scheduler runs j --before TIME`"},
		{"unreadable", 1, func(f *Facts) { f.Job.Trigger = nil },
			"there is no record of 2026-03-01 09:00:01 UTC, and the job's trigger cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := facts(t, c.change)
			f.At = at(c.at)
			if got := Explain(f).Story; !strings.HasPrefix(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	if got := Explain(facts(t, nil)).Story; got != "" {
		t.Errorf("nobody asked: %q", got)
	}
}

// A moment is as precise as times are shown.
func TestMoment(t *testing.T) {
	for add, want := range map[time.Duration]time.Duration{0: time.Second, 123 * time.Millisecond: time.Millisecond,
		123456 * time.Microsecond: time.Microsecond} {
		from, until := Moment(t0.Add(add))
		if !from.Equal(t0.Add(add)) || until.Sub(from) != want {
			t.Errorf("%s: %s to %s", add, from, until)
		}
	}
}
