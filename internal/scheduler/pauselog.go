package scheduler

import (
	"context"
	"log/slog"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// pauseLog tells the log what is paused, when the node begins and each time it changes.
type pauseLog struct {
	log   *slog.Logger
	known map[job.Scope]job.Pause
}

// notePauses looks at what is paused where the claim loop is about to sleep: a node that has work shall not be asked.
func (s *Scheduler) notePauses(ctx context.Context, next time.Time) {
	if !time.Now().Before(next) && s.pauses.known != nil {
		return
	}
	lasting, err := s.Store.Lasting(ctx)
	if err != nil { // the next look at the due jobs says what is wrong
		return
	}
	s.pauses.note(lasting)
}

// note logs what has changed since the last time.
func (l *pauseLog) note(lasting []job.Pause) {
	now := make(map[job.Scope]job.Pause, len(lasting))
	for _, p := range lasting {
		now[p.Scope] = p
		if before, known := l.known[p.Scope]; known && before.PausedAt.Equal(p.PausedAt) {
			continue
		}
		attrs := []any{"what", p.Scope.String(), "since", p.PausedAt, "by", p.PausedBy, "reason", p.Reason, "remedy", p.ResumeCommand()}
		if p.Everything() {
			l.log.Warn("everything is paused: no run begins on any node", attrs...)
		} else {
			l.log.Info("paused: runs of these jobs do not begin", attrs...)
		}
	}
	for scope := range l.known {
		if _, lasts := now[scope]; !lasts {
			l.log.Info("pause is over", "what", scope.String())
		}
	}
	l.known = now
}
