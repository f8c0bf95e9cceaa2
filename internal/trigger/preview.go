package trigger

import (
	"fmt"
	"strings"
	"time"
)

// Preview is what a trigger will do, without a job.
type Preview struct {
	Fires []Fire
	// Exhausted says that no fire follows the last one. Without it the list ends at the count, or, for all and except,
	// where looking on was given up.
	Exhausted bool
}

// Fire is one fire time.
type Fire struct {
	At    time.Time // in UTC
	Local time.Time // the same instant in the trigger's zone
	Note  string    // what daylight saving did to it: shifted, skipped, doubled; empty where it did nothing
}

// maxAgain is how often Preview and AroundDST look again where all or except knows of no fire yet.
const maxAgain = 20

// Preview lists up to count fire times from the given time on, inclusive. A trigger that is not anchored counts from
// there.
func (t *Trigger) Preview(from time.Time, count int) Preview {
	if t.anchor == unanchored {
		t = t.Anchored(from)
	}
	var p Preview
	after := instantOf(from.Add(-1)) // the microsecond before from, if from is whole
	for again := 0; len(p.Fires) < count && again < maxAgain && !p.Exhausted; {
		at, fire, _ := t.schedule.next(after, maxLooks)
		switch {
		case fire:
			p.Fires = append(p.Fires, t.fire(after, at))
		case at == never:
			p.Exhausted = true
		default:
			again++
		}
		after = at
	}
	if !p.Exhausted {
		at, _, _ := t.schedule.next(after, maxLooks)
		p.Exhausted = at == never
	}
	return p
}

// fire describes the fire at an instant; none lies between after and it.
func (t *Trigger) fire(after, at instant) Fire {
	notes := t.schedule.notes(after, at)
	return Fire{at.time(), at.time().In(t.Location()), strings.Join(notes, "; ")}
}

// Transition is a change of the clocks and what a trigger does there.
type Transition struct {
	At    time.Time // the first instant with the new offset, in the trigger's zone
	Fires []Fire    // the last fire before, the first twelve within the time it disturbs, and the first after
	Text  string    // what happens, and how many fires are left out, in a sentence
}

// AroundDST shows what t does at the next two transitions of its zone after from. There are none in zones without
// daylight saving. A trigger that needs an anchor and has none counts from the given time.
func (t *Trigger) AroundDST(from time.Time) (transitions []Transition) {
	if t.anchor == unanchored && t.kind.needsAnchor(&t.options) {
		t = t.Anchored(from)
	}
	z := t.options.zone
	for n := z.at(instantOf(from)) + 1; n < len(z.spans) && len(transitions) < 2; n++ {
		transitions = append(transitions, t.transition(n))
	}
	return transitions
}

// transition describes the start of span n of the zone.
func (t *Trigger) transition(n int) Transition {
	z := t.options.zone
	at := z.spans[n].start
	shift := instant(z.spans[n].offset - z.spans[n-1].offset)
	start, end := at+min(0, shift), at+max(shift, -shift) // of the time that the transition disturbs
	result := Transition{At: at.time().In(z.loc), Text: z.describeTransition(n) + ": "}
	if before, _ := t.schedule.last(earliest-1, start-1, maxLooks); before != never {
		result.Fires = append(result.Fires, t.fire(before-1, before))
	}
	within, latestWithin, more := t.within(start, end)
	result.Fires = append(result.Fires, within...)
	next, found, ended := t.following(end-1, latest)
	if found {
		f := t.fire(latestWithin, next)
		result.Fires = append(result.Fires, f)
		within = append(within, f) // it may tell of one that was skipped
	}
	if ended && len(within) == 0 {
		result.Text += "there is no fire then or later"
		return result
	}
	result.Text += summary(within) + more
	return result
}

// within lists the first fires in [start, end), and says how many more there are. From last to end there is no fire.
func (t *Trigger) within(start, end instant) (fires []Fire, last instant, more string) {
	const most = 12
	last = start - 1
	for len(fires) < most {
		at, found, _ := t.following(last, end-1)
		if !found {
			return fires, last, ""
		}
		fires = append(fires, t.fire(last, at))
		last = at
	}
	n, exact := t.schedule.count(last, end-1, maxLooks)
	switch {
	case !exact:
		more = fmt.Sprintf("; at least %d more fires until %s are not listed", n, t.moment(end))
	case n > 0:
		more = fmt.Sprintf("; %d more fires until %s are not listed", n, t.moment(end))
	}
	return fires, end - 1, more
}

// following returns the first fire in (after, until]. ended says that none is known because there is none.
func (t *Trigger) following(after, until instant) (at instant, found, ended bool) {
	for range maxAgain {
		at, fire, _ := t.schedule.next(after, maxLooks)
		switch {
		case at == never || at > until:
			return never, false, true
		case fire:
			return at, true, false
		}
		after = at
	}
	return never, false, false
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
