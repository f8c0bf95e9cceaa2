package trigger

import (
	"slices"
	"strings"
)

// types are the types of trigger, each with its own fields.
var types = []struct {
	name   string
	fields []string
	parse  func(*object, *options) (kind, error)
}{
	{"date", []string{"at"}, parseOnce},
	{"interval", []string{"every"}, parseInterval},
}

func typeNames() (names []string) {
	for _, t := range types {
		names = append(names, t.name)
	}
	return names
}

// Parse reads a trigger's one JSON form and checks all that can be known without an anchor: forms, fields, zones,
// 30 February, an end before the start. Unknown fields are errors. The error is an *Error.
func Parse(data []byte) (*Trigger, error) {
	obj, err := parseObject(data)
	if err != nil {
		return nil, err
	}
	k, o, err := parseKind(obj)
	if err != nil {
		return nil, err
	}
	return newTrigger(k, o, unanchored), nil
}

func parseKind(obj *object) (kind, options, error) {
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
	if err := obj.only(name, []string{"type"}, types[i].fields, commonFields); err != nil {
		return nil, options{}, err
	}
	o, err := parseOptions(obj)
	if err != nil {
		return nil, options{}, err
	}
	k, err := types[i].parse(obj, &o)
	return k, o, err
}

// MarshalJSON writes the canonical form: defaults left out, durations and times normalised, so that equal definitions
// have equal bytes. The anchor is not part of it.
func (t *Trigger) MarshalJSON() ([]byte, error) {
	var e encoder
	e.text("type", t.kind.name())
	t.kind.encode(&e)
	t.options.encode(&e)
	return e.end(), nil
}
