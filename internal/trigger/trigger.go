package trigger

import (
	"math/rand/v2"
	"time"
)

// Trigger says when a job fires. It does not change and is safe for concurrent use. The zero Trigger is of no use;
// Parse makes one.
type Trigger struct {
	kind     kind
	options  options
	anchor   instant // unanchored before Anchored
	schedule window
}

// kind is what one type of trigger brings: its own fields and the fire times they mean. Adding a type is writing one.
type kind interface {
	// name is the "type" of the definition.
	name() string
	// fires returns the fire times under o, counted from anchor. They need not respect o's start and end.
	fires(o *options, anchor instant) fires
	// needsAnchor says whether nothing is known of the fire times without an anchor.
	needsAnchor(o *options) bool
	// field names the field that is to blame when there are no fire times.
	field() string
	// describe writes the fire times in English, without o's start, end and jitter.
	describe(o *options) string
	// onWall says whether the description speaks of local times, so that the zone must stand beside it.
	onWall(o *options) bool
	// encode writes the type's own fields.
	encode(e *encoder, o *options)
}

// fires is a set of instants that can be walked.
type fires interface {
	// next looks for the first fire after the given instant. It returns that fire, or how far it has looked: there is
	// none up to and including at; never means none at all. at is after the given instant, always. Each member of a set
	// takes one of looks; left is what remains.
	next(after instant, looks int) (at instant, fire bool, left int)
	// last returns the last fire in (after, until], never when there is none among what it looks at.
	last(after, until instant, looks int) (at instant, left int)
	// count returns how many fires lie in (after, until]; n is a lower bound where exact is false.
	count(after, until instant, looks int) (n int64, exact bool)
}

// maxLooks bounds the walk of a set: how many fires of its members one question may cost.
const maxLooks = 10_000

func newTrigger(k kind, o options, anchor instant) *Trigger {
	return &Trigger{kind: k, options: o, anchor: anchor, schedule: newWindow(k, &o, anchor)}
}

// Anchored returns t bound to the moment from which it counts: the job's creation, or the change of its trigger. A date
// without "at" fires at the anchor, an interval without "start" at anchor + k*every (k >= 1). No fire time lies before
// the anchor.
func (t *Trigger) Anchored(anchor time.Time) *Trigger {
	return newTrigger(t.kind, t.options, instantOf(anchor))
}

// Never says why t, as anchored, can never fire, and is nil when it can. Except for sets the answer is exact. A set is
// walked from its beginning until it fires, has ended, or 10,000 fire times for each member have been looked at, 40,000
// in all where there are more than four members: a few milliseconds at worst.
func (t *Trigger) Never() error {
	return t.never("lies in the past: it is now %s; leave out at to fire at once")
}

// NeverFrom is Never where the anchor is not now but a moment that somebody asked about.
func (t *Trigger) NeverFrom() error {
	return t.never("lies before %s, from when on was asked; ask from an earlier time")
}

// never is Never; past says of a date that it lies before the anchor, which is its %s.
func (t *Trigger) never(past string) error {
	w, k := t.walk(), t.kind
	if t.anchor == unanchored && k.needsAnchor(&t.options) {
		return nil
	}
	if w.from > w.until {
		return t.endsBefore(w.from)
	}
	at, fire, _ := w.next(w.from-1, neverLooks(k))
	what := k.describe(&t.options)
	date, isDate := k.(once)
	switch {
	case fire:
		return nil
	case isDate && w.from == t.anchor: // Parse has seen that it lies before the end
		at, _, _ := date.at.instants(&t.options)
		return fail(k.field(), "%s "+past, t.moment(at), t.moment(t.anchor))
	case at != never:
		return fail(k.field(), "%s up to %s, which is how far was looked%s", k.(set).lacks(), t.moment(at-at%minute),
			k.(set).hint())
	case w.from == earliest && w.until == latest:
		return fail(k.field(), "%s never happens", what)
	case w.until == latest:
		return fail(k.field(), "%s never happens from %s on", what, t.moment(w.from))
	}
	return fail(k.field(), "%s never happens from %s to %s", what, t.moment(w.from), t.moment(w.until))
}

// endsBefore says that t ends before the first instant it lets through.
func (t *Trigger) endsBefore(from instant) error {
	if from == t.anchor {
		return fail("end", "%s lies before %s, from when the trigger counts", t.moment(t.schedule.until),
			t.moment(from))
	}
	return fail("end", "%s lies before the start, %s", t.moment(t.schedule.until), t.moment(from))
}

// neverLooks is maxLooks for each member, for at most four of them, which takes a few milliseconds.
func neverLooks(k kind) int {
	if s, ok := k.(set); ok {
		return maxLooks * min(4, s.leaves())
	}
	return maxLooks
}

// Date returns when a trigger of type date fires, in UTC; false where it fires at its anchor, or is of another type.
func (t *Trigger) Date() (time.Time, bool) {
	date, isDate := t.kind.(once)
	if !isDate || !date.at.given() {
		return time.Time{}, false
	}
	at, _, _ := date.at.instants(&t.options)
	return at.time(), true
}

// moment describes i in t's zone, with the zone, and with the offset where the clocks show this time twice.
func (t *Trigger) moment(i instant) string {
	w := t.options.zone.wall(i)
	text := describeWall(w)
	if first, last, _ := t.options.zone.instants(w); first != last {
		text += i.time().In(t.Location()).Format(" -07:00")
	}
	return text + " " + t.Location().String()
}

// Next returns the first fire time after the given time, in UTC. With at zero there is none known: exhausted when again
// is zero too; otherwise there is none up to and including again, from which to look again (all and except only).
func (t *Trigger) Next(after time.Time) (at, again time.Time) {
	i, fire, _ := t.walk().next(instantOf(after), maxLooks)
	switch {
	case fire:
		return i.time(), time.Time{}
	case i == never:
		return time.Time{}, time.Time{}
	}
	return time.Time{}, i.time()
}

// Last returns the last fire time in (after, until], in UTC. For all and except it looks at the last 10,000 fire times
// of the members.
func (t *Trigger) Last(after, until time.Time) (time.Time, bool) {
	at, _ := t.walk().last(instantOf(after), instantOf(until), maxLooks)
	if at == never {
		return time.Time{}, false
	}
	return at.time(), true
}

// Count returns how many fire times lie in (after, until]. exact is false where n is only a lower bound: for any, all
// and except with more than 10,000 fire times of their members in between.
func (t *Trigger) Count(after, until time.Time) (n int64, exact bool) {
	return t.walk().count(instantOf(after), instantOf(until), maxLooks)
}

// Delay draws how much later than its fire time at the run shall begin: evenly from 0 to the trigger's jitter, in whole
// microseconds, and less than the time to the next fire. Each call draws anew; without jitter it is 0.
func (t *Trigger) Delay(at time.Time) time.Duration {
	most := t.options.jitter.Microseconds()
	if most == 0 {
		return 0
	}
	here := instantOf(at)
	if next, _, _ := t.schedule.next(here, maxLooks); next != never {
		most = min(most, int64(next-here)-1)
	}
	return time.Duration(rand.Int64N(most+1)) * time.Microsecond
}

// Jitter returns the longest delay that Delay draws.
func (t *Trigger) Jitter() time.Duration { return t.options.jitter }

// Location returns the trigger's time zone: UTC by default, never the machine's.
func (t *Trigger) Location() *time.Location { return t.options.zone.loc }

// window is the part of a set of fires in [from, until].
type window struct {
	fires
	from, until instant
}

func newWindow(k kind, o *options, anchor instant) window {
	return window{k.fires(o, anchor), max(earliest, anchor, o.start.from(o)), min(latest, o.end.until(o))}
}

func (w window) next(after instant, looks int) (instant, bool, int) {
	after = max(after, w.from-1)
	if after >= w.until {
		return never, false, looks
	}
	at, fire, left := w.fires.next(after, looks)
	if at > w.until || at == w.until && !fire {
		return never, false, left
	}
	return at, fire, left
}

func (w window) last(after, until instant, looks int) (instant, int) {
	after, until = max(after, w.from-1), min(until, w.until)
	if after >= until {
		return never, looks
	}
	return w.fires.last(after, until, looks)
}

func (w window) count(after, until instant, looks int) (int64, bool) {
	after, until = max(after, w.from-1), min(until, w.until)
	if after >= until {
		return 0, true
	}
	return w.fires.count(after, until, looks)
}
