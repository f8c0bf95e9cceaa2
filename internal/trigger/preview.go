package trigger

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Preview is what a trigger will do, without a job.
type Preview struct {
	Fires []Fire
	// Exhausted says that no fire follows the last one.
	Exhausted bool
	// LookedTo is how far was looked, where looking on was given up before the count was reached: for all and except
	// after so much work, or because ctx ended. Zero otherwise.
	LookedTo time.Time
}

// Fire is one fire time.
type Fire struct {
	At    time.Time // in UTC
	Local time.Time // the same instant in the trigger's zone
	Note  string    // what daylight saving did to it: shifted, skipped, doubled; empty where it did nothing
}

// Preview lists up to count fire times from the given time on, inclusive. A trigger that is not anchored counts from
// there.
func (t *Trigger) Preview(ctx context.Context, from time.Time, count int) Preview {
	if t.anchor == unanchored {
		t = t.Anchored(from)
	}
	var p Preview
	s := t.search(ctx)
	after := instantOf(from.Add(-1)) // the microsecond before from, if from is whole
	for len(p.Fires) < count {
		at, fire := s.following(after, latest)
		switch {
		case fire:
			p.Fires = append(p.Fires, s.fire(after, at))
		case at == never:
			p.Exhausted = true
			return p
		default:
			p.LookedTo = at.time()
			return p
		}
		after = at
	}
	at, _ := s.following(after, latest)
	p.Exhausted = at == never
	return p
}

// Transition is a change of the clocks and what a trigger does there.
type Transition struct {
	At    time.Time // the first instant with the new offset, in the trigger's zone
	Fires []Fire    // the last fire before, the first twelve within the time it disturbs, and the first after
	Text  string    // what happens, and how many fires are left out, in a sentence
}

// AroundDST shows what t does at the next two transitions of its zone after from. There are none in zones without
// daylight saving. A trigger that needs an anchor and has none counts from the given time.
func (t *Trigger) AroundDST(ctx context.Context, from time.Time) (transitions []Transition) {
	if t.anchor == unanchored && t.kind.needsAnchor(&t.options) {
		t = t.Anchored(from)
	}
	z := t.options.zone
	for n := z.at(instantOf(from)) + 1; n < len(z.spans) && len(transitions) < 2; n++ {
		transitions = append(transitions, t.search(ctx).transition(n))
	}
	return transitions
}

// transition describes the start of span n of the zone.
func (s *search) transition(n int) Transition {
	z := s.t.options.zone
	at := z.spans[n].start
	shift := instant(z.spans[n].offset - z.spans[n-1].offset)
	start, end := at+min(0, shift), at+max(shift, -shift) // of the time that the transition disturbs
	result := Transition{At: at.time().In(z.loc), Text: z.describeTransition(n) + ": "}
	if before, _ := s.last(earliest-1, start-1, maxLooks); before != never {
		result.Fires = append(result.Fires, s.fire(before-1, before))
	}
	within, latestWithin, more := s.within(start, end)
	result.Fires = append(result.Fires, within...)
	next, found := s.following(end-1, latest)
	if found {
		f := s.fire(latestWithin, next)
		result.Fires = append(result.Fires, f)
		within = append(within, f) // it may tell of one that was skipped
	}
	if next == never && len(within) == 0 {
		result.Text += "there is no fire then or later"
		return result
	}
	result.Text += summary(within) + more
	return result
}

// within lists the first fires in [start, end), and says how many more there are. From last to end there is no fire.
func (s *search) within(start, end instant) (fires []Fire, last instant, more string) {
	const most = 12
	last = start - 1
	for len(fires) < most {
		at, found := s.following(last, end-1)
		if !found {
			return fires, last, ""
		}
		fires = append(fires, s.fire(last, at))
		last = at
	}
	n, exact := s.count(last, end-1, maxLooks)
	switch {
	case !exact:
		more = fmt.Sprintf("; at least %d more fires until %s are not listed", n, s.t.moment(end))
	case n > 0:
		more = fmt.Sprintf("; %d more fires until %s are not listed", n, s.t.moment(end))
	}
	return fires, end - 1, more
}

// summary collects the notes of the fires.
func summary(fires []Fire) string {
	const most = 4
	var notes []string
	for _, f := range fires {
		if f.Note != "" {
			notes = append(notes, f.Note)
		}
	}
	switch {
	case len(notes) == 0:
		return "no fire is changed by it"
	case len(notes) > most:
		return strings.Join(notes[:most], "; ") + "; and so on"
	}
	return strings.Join(notes, "; ")
}

// describeTransition says what the clocks do at the start of span n.
func (z *zone) describeTransition(n int) string {
	at, before, now := z.spans[n].start, z.spans[n-1].offset, z.spans[n].offset
	from, to := wall(int64(at)+before), wall(int64(at)+now)
	move, times := "forward", "the local times between do not exist"
	if to < from {
		move, times = "back", "the local times between come twice"
	}
	by := time.Duration(max(now-before, before-now)) * time.Microsecond
	return "at " + describeWall(from) + " the clocks of " + z.loc.String() + " go " + move + " by " +
		FormatDuration(by) +
		" to " + describeWall(to) + ", " + times
}
