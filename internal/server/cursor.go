package server

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

// A place in a job's runs is written as "STATE~TIME~RUN", or of a run that has ended
// "ended~TIME~SCHEDULED~RUN~ATTEMPT": what orders the runs, so that the page behind it costs the same however far down
// it is, and loses and repeats nothing though others end at the same moment, or are gone by then.

// placeText is what parsePlace reads.
func placeText(p job.RunPlace) string {
	parts := []string{p.State, p.At.UTC().Format(time.RFC3339Nano)}
	if p.State == job.RunEnded {
		parts = append(parts, p.Scheduled.UTC().Format(time.RFC3339Nano), p.RunID.String(), strconv.Itoa(p.Attempt))
	} else {
		parts = append(parts, p.RunID.String())
	}
	return strings.Join(parts, "~")
}

// parsePlace reads a place, or a time, which stands before all runs that ended earlier.
func parsePlace(s string) (p job.RunPlace, before time.Time, err error) {
	if s == "" {
		return p, before, nil
	}
	parts := strings.Split(s, "~")
	if len(parts) == 1 {
		if before, err = time.Parse(time.RFC3339Nano, s); err != nil || !keepable(before) {
			return p, before, fmt.Errorf("%q is neither a time like 2026-03-01T09:00:00Z nor the next of a page", s)
		}
		return p, before, nil
	}
	if p, err = readPlace(parts); err != nil {
		return job.RunPlace{}, before, fmt.Errorf("%q is not the next of a page", s)
	}
	return p, before, nil
}

var errNoPlace = fmt.Errorf("not a place")

func readPlace(parts []string) (p job.RunPlace, err error) {
	p.State, p.Attempt = parts[0], 1
	switch ended := p.State == job.RunEnded; {
	case ended && len(parts) != 5, !ended && len(parts) != 3:
		return p, errNoPlace
	case ended:
		if p.Scheduled, err = time.Parse(time.RFC3339Nano, parts[2]); err != nil || !keepable(p.Scheduled) {
			return p, errNoPlace
		}
		if p.Attempt, err = strconv.Atoi(parts[4]); err != nil || p.Attempt < 0 || p.Attempt > maxAttempt {
			return p, errNoPlace
		}
		parts[2] = parts[3]
	case p.State != job.RunWaiting && p.State != job.RunRunning && p.State != job.RunRetrying:
		return p, errNoPlace
	}
	if p.At, err = time.Parse(time.RFC3339Nano, parts[1]); err != nil || !keepable(p.At) {
		return p, errNoPlace
	}
	p.RunID, err = uuid.Parse(parts[2])
	return p, err
}

// maxAttempt is the largest number that the column of attempts takes.
const maxAttempt = 1<<31 - 1
