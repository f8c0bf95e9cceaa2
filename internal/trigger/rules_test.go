package trigger

import (
	"testing"
	"time"
)

// A new release moves a zone by an hour: what is parsed from then on follows it, and the fingerprint tells. This test
// runs alone, as it changes what the process knows.
func TestRulesAreReadAnew(t *testing.T) {
	text := `{"type":"cron","expression":"0 9 * * *","timezone":"Africa/Casablanca"}`
	from := at(t, "2026-06-01T00:00:00Z")
	next := func() string { n, _ := parse(t, text).Next(from); return n.Format("15:04Z") }
	before := Rules()
	if parse(t, text).Rules() != before || parse(t, `{"type":"cron","expression":"0 9 * * *"}`).Rules() != 0 {
		t.Error("the rules of Casablanca do not count, or those of UTC do")
	}
	if set := `{"type":"any","of":[{"type":"interval","every":"1h"},` + text + `]}`; parse(t, set).Rules() != before {
		t.Error("the zone of a member does not count")
	}
	if got := next(); got != "08:00Z" || RefreshRules() {
		t.Errorf("09:00 in Casablanca is %s, and the rules changed by themselves", got)
	}
	loadLocation = func(name string) (*time.Location, error) {
		if name == "Africa/Casablanca" {
			return time.FixedZone(name, 0), nil
		}
		return time.LoadLocation(name)
	}
	t.Cleanup(func() { loadLocation = time.LoadLocation; RefreshRules() })
	if got := next(); got != "08:00Z" {
		t.Errorf("before the rules are read anew it is %s", got)
	}
	if !RefreshRules() || Rules() == before {
		t.Error("the change was not seen")
	}
	if got := next(); got != "09:00Z" {
		t.Errorf("afterwards 09:00 in Casablanca is %s", got)
	}
}

// The past and the far future change no fire time that is near, and fat files have fewer years than slim ones.
func TestRulesAreQuicklyKnown(t *testing.T) {
	if d := within(500*time.Millisecond*slowdown, 5, func() { fingerprint() }); d > 500*time.Millisecond*slowdown {
		t.Errorf("reading all rules took %v", d)
	} else {
		t.Log(d)
	}
}
