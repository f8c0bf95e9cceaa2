package trigger

import "strings"

// String describes t in English, canonically: "every 30s", "once at 2026-03-01 09:00 Europe/Stockholm", "at 09:00 on
// Monday to Friday, Europe/Stockholm".
func (t *Trigger) String() string {
	o := &t.options
	var b strings.Builder
	b.WriteString(t.kind.describe(o))
	if o.start.given() {
		b.WriteString(", from " + o.start.in(o))
	}
	if o.end.given() {
		b.WriteString(", until " + o.end.in(o))
	}
	if t.kind.onWall() || o.start.given() || o.end.given() {
		b.WriteString(", " + o.zone.loc.String())
	}
	if o.jitter > 0 {
		b.WriteString(", delayed by up to " + FormatDuration(o.jitter))
	}
	return b.String()
}
