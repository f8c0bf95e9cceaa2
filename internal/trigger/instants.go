package trigger

import "time"

// once is a date trigger: it fires at a moment, or at its anchor when it has none.
type once struct{ at moment }

func parseOnce(obj *object, o *options) (kind, error) {
	at, err := obj.moment("at")
	if err != nil {
		return nil, err
	}
	if _, given := obj.values["dst_overlap"]; given && o.overlap == overlapBoth {
		return nil, fail("dst_overlap", `"both" is not for a date, which fires once; write "first" or "second"`)
	}
	if o.overlap == overlapBoth {
		o.overlap = overlapAuto // from the set around it
	}
	if _, _, ok := at.instants(o); at.given() && !ok {
		return nil, fail("at", "%s does not exist in %s, where the clocks go forward, and dst_gap is skip", at,
			o.zone.loc)
	}
	return once{at}, nil
}

func (d once) fires(o *options, anchor instant) fires {
	if !d.at.given() {
		return steps{first: anchor}
	}
	at, _, _ := d.at.instants(o)
	return begun{steps{first: at}, d.at, o.zone}
}

func (d once) name() string  { return "date" }
func (d once) field() string { return "at" }

func (d once) onWall(*options) bool      { return false }
func (d once) needsAnchor(*options) bool { return !d.at.given() }

func (d once) describe(o *options) string {
	if !d.at.given() {
		return "once, at once"
	}
	return "once at " + d.at.in(o) + " " + o.zone.loc.String()
}

func (d once) encode(e *encoder, _ *options) { e.moment("at", d.at) }

// interval fires every so often. It counts elapsed time, so it neither drifts nor knows of daylight saving.
type interval struct{ every time.Duration }

const shortestInterval = time.Millisecond

func parseInterval(obj *object, _ *options) (kind, error) {
	every, given, err := obj.duration("every")
	if err != nil {
		return nil, err
	}
	if !given {
		return nil, fail("every", `missing; an interval needs a duration such as "30s"`)
	}
	if every < shortestInterval {
		return nil, fail("every", "%s is too short; the shortest interval is %s", FormatDuration(every),
			FormatDuration(shortestInterval))
	}
	return interval{every}, nil
}

func (i interval) fires(o *options, anchor instant) fires {
	every := i.every.Microseconds()
	if o.start.given() {
		return begun{steps{first: o.start.from(o), every: every}, o.start, o.zone}
	}
	if anchor == unanchored {
		return steps{first: unanchored}
	}
	return steps{first: anchor + instant(every), every: every}
}

func (i interval) name() string                  { return "interval" }
func (i interval) field() string                 { return "every" }
func (i interval) onWall(*options) bool          { return false }
func (i interval) needsAnchor(o *options) bool   { return !o.start.given() }
func (i interval) describe(*options) string      { return "every " + FormatDuration(i.every) }
func (i interval) encode(e *encoder, _ *options) { e.text("every", FormatDuration(i.every)) }

// begun is steps whose first fire was written as a moment, which a transition may have moved.
type begun struct {
	steps
	moment moment
	zone   *zone
}

// steps is first + k*every for every k >= 0; with every 0 it is first alone.
type steps struct {
	first instant
	every int64
}

func (s steps) next(after instant, looks int) (instant, bool, int) {
	switch {
	case after < s.first:
		return s.first, true, looks - 1
	case s.every == 0:
		return never, false, looks - 1
	}
	return after - instant(int64(after-s.first)%s.every) + instant(s.every), true, looks - 1
}

func (s steps) last(after, until instant, looks int) (instant, int) {
	at := s.first
	if until < s.first {
		return never, looks - 1
	}
	if s.every > 0 {
		at = until - instant(int64(until-s.first)%s.every)
	}
	if at <= after {
		return never, looks - 1
	}
	return at, looks - 1
}

func (s steps) count(after, until instant, _ int) (int64, bool) {
	return s.upTo(until) - s.upTo(after), true
}

// upTo counts the fires up to and including i.
func (s steps) upTo(i instant) int64 {
	switch {
	case i < s.first:
		return 0
	case s.every == 0:
		return 1
	}
	return int64(i-s.first)/s.every + 1
}
