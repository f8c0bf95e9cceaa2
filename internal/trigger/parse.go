package trigger

import (
	"slices"
	"strings"
)

// typeOf is one type of trigger, with its own fields.
type typeOf struct {
	name   string
	fields []string
	parse  func(*object, *options) (kind, error)
}

func types() []typeOf {
	return []typeOf{
		{"date", []string{"at"}, parseOnce},
		{"interval", []string{"every"}, parseInterval},
		{"cron", []string{"expression", "fields"}, parseCron},
		{"calendar", calendarFields, parseCalendar},
		{"any", []string{"of"}, parseSet(unionOf)},
		{"all", []string{"of"}, parseSet(intersectionOf)},
		{"except", []string{"of"}, parseSet(differenceOf)},
	}
}

func typeNames() (names []string) {
	for _, t := range types() {
		names = append(names, t.name)
	}
	return names
}

// Parse reads a trigger's one JSON form and checks all that can be known without an anchor: forms, fields, zones,
// 30 February, an end before the start. Unknown fields are errors. The error is an *Error.
func Parse(data []byte) (*Trigger, error) {
	if len(data) > maxDefinition {
		return nil, fail("", "the trigger has %d bytes; write at most %d", len(data), maxDefinition)
	}
	obj, err := parseObject(data)
	if err != nil {
		return nil, err
	}
	room := maxLeaves - 1
	k, o, err := parseKind(obj, &options{zone: defaults.zone, room: &room})
	if err != nil {
		return nil, err
	}
	if err := possible(k, o); err != nil {
		return nil, err
	}
	return newTrigger(k, o, unanchored), nil
}

// maxDefinition bounds a definition, in bytes; the largest sets have a tenth of it.
const maxDefinition = 64 << 10

// defaults are the zone and policies of a trigger that names none.
var defaults = options{zone: utc}

// possible refuses what never fires, whatever the anchor. That a set holds nothing among its first fires is not enough:
// they may lie long before any anchor.
func possible(k kind, o options) error {
	if k.needsAnchor(&o) {
		return nil
	}
	t := newTrigger(k, o, unanchored)
	at, fire, _ := t.walk().next(earliest-1, maxLooks)
	if fire || at != never {
		return nil
	}
	return t.Never()
}

func parseKind(obj *object, outer *options) (kind, options, error) {
	name, given, err := obj.text("type", "interval")
	if err != nil {
		return nil, options{}, err
	}
	if !given {
		return nil, options{}, fail("type", "missing; write %s", list(typeNames()))
	}
	i := slices.Index(typeNames(), name)
	if i < 0 {
		return nil, options{}, fail("type", "%q is not a type of trigger (%s)", name, strings.Join(typeNames(), ", "))
	}
	typ := types()[i]
	if err := obj.only(name, []string{"type"}, typ.fields, commonFields); err != nil {
		return nil, options{}, err
	}
	o, err := parseOptions(obj, outer)
	if err != nil {
		return nil, options{}, err
	}
	k, err := typ.parse(obj, &o)
	return k, o, err
}

// MarshalJSON writes the canonical form: defaults left out, durations and times normalised, so that equal definitions
// have equal bytes. The anchor is not part of it.
func (t *Trigger) MarshalJSON() ([]byte, error) {
	return encode(t.kind, &t.options, &defaults), nil
}

// encode writes a trigger whose zone and policies are by default those of outer.
func encode(k kind, o, outer *options) []byte {
	var e encoder
	e.text("type", k.name())
	k.encode(&e, o)
	o.encode(&e, outer)
	return e.end()
}
