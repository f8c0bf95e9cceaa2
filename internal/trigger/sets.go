package trigger

import (
	"encoding/json"
	"fmt"
	"strings"
)

// set is a union, an intersection or a difference of independent members.
type set struct {
	operation operation
	members   []member
}

// member is a trigger inside a set. It inherits the set's zone and daylight saving policies unless it has its own.
type member struct {
	kind    kind
	options options
}

type operation int

const (
	unionOf        operation = iota // any
	intersectionOf                  // all
	differenceOf                    // except: the first without the others
)

var operations = []struct{ name, word string }{{"any", "or"}, {"all", "and"}, {"except", "except"}}

// The size of a set is limited, so that one question costs little.
const (
	maxMembers = 16 // of one set
	maxDepth   = 4  // sets in sets
	maxLeaves  = 32 // in the whole tree
)

func parseSet(op operation) func(*object, *options) (kind, error) {
	return func(obj *object, o *options) (kind, error) {
		members, err := parseMembers(obj, o)
		if err != nil {
			return nil, err
		}
		if op == differenceOf && len(members) < 2 {
			return nil, fail("of", "one member; except needs a trigger and what to leave out of it")
		}
		s := set{op, members}
		s.hoistZone(o)
		return s, nil
	}
}

func parseMembers(obj *object, o *options) (members []member, err error) {
	var texts []json.RawMessage
	value, given := obj.values["of"]
	switch {
	case !given:
		return nil, fail("of", `missing; write a list of triggers such as [{"type":"interval","every":"1h"}]`)
	case json.Unmarshal(value, &texts) != nil:
		return nil, fail("of", "%s is not a list of triggers", shorten(value))
	case len(texts) == 0 || len(texts) > maxMembers:
		return nil, fail("of", "%d triggers; write 1 to %d", len(texts), maxMembers)
	case o.depth == maxDepth:
		return nil, fail("of", "sets more than %d deep; flatten them", maxDepth)
	}
	if *o.room -= len(texts) - 1; *o.room < 0 { // the set itself had room for one
		return nil, fail("of", "more than %d triggers in all; write fewer", maxLeaves)
	}
	for i, text := range texts {
		m, err := parseMember(text, o)
		if err != nil {
			return nil, under(fmt.Sprintf("of[%d]", i), err)
		}
		members = append(members, m)
	}
	return members, nil
}

func parseMember(text []byte, outer *options) (member, error) {
	obj, err := parseObject(text)
	if err != nil {
		return member{}, err
	}
	k, o, err := parseKind(obj,
		&options{zone: outer.zone, gap: outer.gap, overlap: outer.overlap, depth: outer.depth + 1, room: outer.room})
	if err == nil && o.jitter > 0 {
		err = fail("jitter", "not for a member; write it beside the outermost type")
	}
	// of sets, the outermost says enough: asking each would multiply the looks
	if _, inner := k.(set); err == nil && !inner {
		err = possible(k, o)
	}
	return member{k, o}, err
}

func (s set) leaves() (n int) {
	for _, m := range s.members {
		if inner, ok := m.kind.(set); ok {
			n += inner.leaves()
		} else {
			n++
		}
	}
	return n
}

// hoistZone makes the zone of all members that of the set, which has none of its own and no local times.
func (s set) hoistZone(o *options) {
	if o.zoneGiven || o.start.isLocal() || o.end.isLocal() {
		return
	}
	for _, m := range s.members {
		if !m.options.zoneGiven || m.options.zone != s.members[0].options.zone {
			return
		}
	}
	o.zone, o.zoneGiven = s.members[0].options.zone, true
}

func (s set) name() string  { return operations[s.operation].name }
func (s set) field() string { return "of" }

// lacks says what is missing in a set without fire times.
func (s set) lacks() string {
	switch s.operation {
	case intersectionOf:
		return "the members have no common fire time"
	case differenceOf:
		return "the members after the first leave out each of its fire times"
	}
	return "no member has a fire time"
}

// hint says what to change where an interval counts from the job's creation, at whose microsecond little else fires.
func (s set) hint() string {
	for _, m := range s.members {
		if i, ok := m.kind.(interval); ok && s.operation == intersectionOf && i.needsAnchor(&m.options) {
			return "; an interval without start counts from the job's creation: give it a start"
		}
	}
	return ""
}

func (s set) onWall(o *options) bool {
	for _, m := range s.members {
		if m.kind.onWall(&m.options) && m.options.zone == o.zone {
			return true
		}
	}
	return false
}

func (s set) needsAnchor(*options) bool {
	for _, m := range s.members {
		if m.kind.needsAnchor(&m.options) {
			return true
		}
	}
	return false
}

// describe writes "A; or B", with parentheses around sets in the set.
func (s set) describe(o *options) string {
	var parts []string
	for _, m := range s.members {
		text := describe(m.kind, &m.options, o.zone)
		if _, inner := m.kind.(set); inner {
			text = "(" + text + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; "+operations[s.operation].word+" ")
}

func (s set) encode(e *encoder, o *options) {
	list := []byte{'['}
	for i, m := range s.members {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, encode(m.kind, &m.options, o)...)
	}
	e.raw("of", append(list, ']'))
}

func (s set) fires(_ *options, anchor instant) fires {
	var members []fires
	for _, m := range s.members {
		members = append(members, newWindow(m.kind, &m.options, anchor))
	}
	switch s.operation {
	case unionOf:
		return union(members)
	case intersectionOf:
		return intersection(members)
	}
	return difference(members)
}
