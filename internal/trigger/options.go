package trigger

import (
	"fmt"
	"strings"
	"time"
)

// options are the fields that every type of trigger has.
type options struct {
	start, end moment
	zone       *zone
	zoneGiven  bool // else it is the default, or that of the set around it
	jitter     time.Duration
	gap        gapPolicy
	overlap    overlapPolicy
	depth      int  // how many sets are around it
	room       *int // how many more triggers the whole definition may hold, shared by all its members
}

var commonFields = []string{"start", "end", "timezone", "jitter", "dst_gap", "dst_overlap"}

// gapPolicy says what becomes of a local time that does not exist because the clocks go forward.
type gapPolicy int

const (
	gapShift gapPolicy = iota // moved by the gap's length: 02:30 becomes 03:30
	gapSkip                   // it does not fire
	gapEdge                   // the first instant after the gap
)

var gapNames = []string{"shift", "skip", "edge"}

// overlapPolicy says what becomes of a local time that comes twice because the clocks go back.
type overlapPolicy int

const (
	overlapAuto   overlapPolicy = iota // fixed times at the first, those with * or a step at both
	overlapFirst                       // the first time
	overlapSecond                      // the second time
	overlapBoth                        // both times
)

var overlapNames = []string{"auto", "first", "second", "both"}

// parseOptions reads the common fields. Zone and policies that are not given are those of outer.
func parseOptions(obj *object, outer *options) (o options, err error) {
	o.depth, o.room = outer.depth, outer.room
	if o.zone, o.zoneGiven, err = obj.zone("timezone", outer.zone); err != nil {
		return o, err
	}
	gap, err := obj.choice("dst_gap", gapNames, int(outer.gap))
	if err != nil {
		return o, err
	}
	overlap, err := obj.choice("dst_overlap", overlapNames, int(outer.overlap))
	if err != nil {
		return o, err
	}
	o.gap, o.overlap = gapPolicy(gap), overlapPolicy(overlap)
	if o.jitter, _, err = obj.duration("jitter"); err != nil {
		return o, err
	}
	return o, o.parseWindow(obj)
}

func (o *options) parseWindow(obj *object) (err error) {
	if o.start, err = obj.moment("start"); err != nil {
		return err
	}
	if o.end, err = obj.moment("end"); err != nil {
		return err
	}
	if o.start.given() && o.end.given() && o.end.until(o) < o.start.from(o) {
		return fail("end", "%s lies before the start, %s", o.end, o.start)
	}
	return nil
}

// encode writes what differs from outer, and the rest where it is given.
func (o *options) encode(e *encoder, outer *options) {
	e.moment("start", o.start)
	e.moment("end", o.end)
	if o.zone != outer.zone {
		e.text("timezone", o.zone.loc.String())
	}
	if o.jitter > 0 {
		e.text("jitter", FormatDuration(o.jitter))
	}
	if o.gap != outer.gap {
		e.text("dst_gap", gapNames[o.gap])
	}
	if o.overlap != outer.overlap {
		e.text("dst_overlap", overlapNames[o.overlap])
	}
}

// list writes names as "a, b or c".
func list(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	n := len(names) - 1
	return fmt.Sprintf("%s or %s", strings.Join(names[:n], ", "), names[n])
}
