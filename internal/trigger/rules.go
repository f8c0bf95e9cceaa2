package trigger

import (
	"encoding/binary"
	"hash/fnv"
	"strings"
	"sync"
	"time"
)

// Governments change the rules of their zones, and machines get them with a new release of the time zone database. What
// was computed before is then wrong, and two machines may differ meanwhile. Rules tells one state from another.

// loadLocation reads the rules of a zone; package time reads the files anew each time.
var loadLocation = time.LoadLocation

var rules struct {
	mu    sync.Mutex
	known int64 // 0: not computed yet
}

// Rules is a fingerprint of the rules of all time zones as this process knows them, never 0. Equal rules have equal
// fingerprints, wherever they were read from.
func Rules() int64 {
	rules.mu.Lock()
	defer rules.mu.Unlock()
	if rules.known == 0 {
		rules.known = fingerprint()
	}
	return rules.known
}

// RefreshRules reads the rules anew from the machine, for what is parsed from now on, and says whether they changed.
func RefreshRules() (changed bool) {
	rules.mu.Lock()
	defer rules.mu.Unlock()
	now := fingerprint()
	if changed = now != rules.known; !changed {
		return false
	}
	zones.Range(func(name, _ any) bool {
		if loc, err := loadLocation(name.(string)); err == nil {
			zones.Store(name, newZone(loc))
		}
		return true
	})
	rules.known = now
	return true
}

// The years of which the rules are told apart: corrections of the past change no fire time, and rules of one release
// are written with more years or fewer.
var rulesFrom, rulesUntil = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2037, 1, 1, 0, 0, 0, 0, time.UTC)

// fingerprint reads all zones, which takes some tens of milliseconds.
func fingerprint() int64 {
	h := fnv.New64a()
	for line := range strings.Lines(zoneList) {
		loc, err := loadLocation(strings.TrimSuffix(line, "\n"))
		if err != nil {
			continue
		}
		h.Write([]byte(line))
		from := rulesFrom.In(loc)
		last := offsetOf(from)
		entry := binary.AppendVarint(nil, last)
		for end := range boundsAfter(from, rulesUntil) {
			if offset := offsetOf(end); offset != last {
				entry = binary.AppendVarint(binary.AppendVarint(entry, end.Unix()), offset)
				last = offset
			}
		}
		h.Write(entry)
	}
	return max(1, int64(h.Sum64()>>1))
}

// Rules is Rules where t's fire times depend on the rules of a time zone, and 0 where they do not.
func (t *Trigger) Rules() int64 {
	if !namesZone(t.kind, &t.options) {
		return 0
	}
	return Rules()
}

// namesZone says whether a zone other than UTC is named anywhere in a trigger.
func namesZone(k kind, o *options) bool {
	if s, isSet := k.(set); isSet {
		for i := range s.members {
			if namesZone(s.members[i].kind, &s.members[i].options) {
				return true
			}
		}
	}
	return o.zone != utc
}
