package trigger

import "strings"

// String describes t in English, canonically: "every 30s", "once at 2026-03-01 09:00 Europe/Stockholm", "at 09:00 on
// Monday to Friday, Europe/Stockholm".
func (t *Trigger) String() string { return describe(t.kind, &t.options, nil) }

// describe names the zone where local times are spoken of, unless it is that of the set around.
func describe(k kind, o *options, outer *zone) string {
	var b strings.Builder
	b.WriteString(k.describe(o))
	if o.start.given() {
		b.WriteString(", from " + o.start.in(o))
	}
	if o.end.given() {
		b.WriteString(", until " + o.end.in(o))
	}
	if o.zone != outer && (k.onWall(o) || o.start.given() || o.end.given()) {
		b.WriteString(", " + o.zone.loc.String())
	}
	if o.jitter > 0 {
		b.WriteString(", delayed by up to " + FormatDuration(o.jitter))
	}
	return b.String()
}
