package trigger

import (
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

// Preview lists up to count fire times from the given time on, inclusive. A trigger that is not anchored counts from there.
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
	Fires []Fire    // the last fire before, those within, and the first after
	Text  string    // what happens, in a sentence
}

// AroundDST shows what t does at the next two transitions of its zone after from. There are none in zones without
// daylight saving. A trigger that is not anchored counts from the given time.
func (t *Trigger) AroundDST(from time.Time) (transitions []Transition) {
	if t.anchor == unanchored {
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
	const most = 12
	z := t.options.zone
	at := z.spans[n].start
	shift := instant(z.spans[n].offset - z.spans[n-1].offset)
	start, end := at+min(0, shift), at+max(shift, -shift) // of the time that the transition disturbs
	result := Transition{At: at.time().In(z.loc)}
	after := start - 1
	if before, _ := t.schedule.last(start-instant(40*day), start-1, maxLooks); before != never {
		result.Fires = append(result.Fires, t.fire(before-1, before))
		after = before
	}
	var notes []string
	for len(result.Fires) < most && after < end {
		next, fire, _ := t.schedule.next(after, maxLooks)
		if next == never {
			break
		}
		if fire {
			f := t.fire(after, next)
			result.Fires = append(result.Fires, f)
			if f.Note != "" {
				notes = append(notes, f.Note)
			}
		}
		after = next
	}
	result.Text = z.describeTransition(n) + ": " + summary(notes)
	return result
}

func summary(notes []string) string {
	const most = 4
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
	return "at " + describeWall(from) + " the clocks of " + z.loc.String() + " go " + move + " by " + FormatDuration(by) +
		" to " + describeWall(to) + ", " + times
}
