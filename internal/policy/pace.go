package policy

import "time"

// Pace is how a job's runs and fires have gone lately: what the limit that would do is judged from. What is not known
// is zero.
type Pace struct {
	Runs int // how many ended attempts Longest and Shortest are of, the last few
	// Longest and Shortest run from the start to the record of the end: for so long a run counts as an instance.
	Longest, Shortest time.Duration
	Lateness          time.Duration // how long after its fire time the latest of them began
	Gap               time.Duration // the median of the gaps between the last fire times
}

const (
	leastMargin = 100 * time.Millisecond // what a look, a start and a commit may take longer than they did
	marginPart  = 20                     // a twentieth of the duration
)

// span is how long an instance may be in the way of fires that come every interval, when runs take so long: the
// duration, what the next may take longer, and by how much later than a fire after it one may begin. Of that lateness
// no more than an interval counts, as jitter is drawn: a look that comes later still decides the next fire along with
// it.
//
// Of n durations that are spread over a range, the next longer one is about a mean gap between two of them above the
// longest: the fewer are known, the more is left to it.
func (p *Pace) span(duration, interval, jitter time.Duration) time.Duration {
	margin := max(leastMargin, duration/marginPart)
	if p.Runs > 1 {
		margin = max(margin, (p.Longest-p.Shortest)/time.Duration(p.Runs-1))
	}
	return duration + margin + min(interval, max(jitter, p.Lateness))
}

// needed is the max_instances that no fire meets while an instance is in the way for span: those that began within a
// span before a fire, and the fire's own. 0: not known.
func needed(span, interval time.Duration) int {
	if interval <= 0 {
		return 0
	}
	return int(span/interval) + 1
}

// slowest is the shortest interval at which so many instances are enough, in steps that a person would choose.
func slowest(span time.Duration, instances int) time.Duration {
	every, step := span/time.Duration(max(1, instances)), 100*time.Millisecond
	if every >= time.Second {
		step = time.Second
	}
	return every.Truncate(step) + step
}
