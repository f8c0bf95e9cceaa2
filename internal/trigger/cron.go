package trigger

import (
	"encoding/json"
	"slices"
	"strconv"
)

// cron fires when the clocks match its fields: from crontab text, or from named fields.
type cron struct {
	expression string    // the crontab text in its normal form
	named      bool      // from named fields
	texts      [8]string // the named fields that were given, in their normal form
	fields     [8][]term
	either     bool // the day or the weekday, by Vixie's rule
	matcher    matcher
}

func parseCron(obj *object, o *options) (kind, error) {
	text, given, err := obj.text("expression", "0 9 * * mon-fri")
	fields, named := obj.values["fields"]
	var c *cron
	switch {
	case err != nil:
	case given && named:
		return nil, fail("fields", "given beside expression; write one of both")
	case named:
		c, err = parseNamed(fields)
	case given:
		c, err = parseExpression(text, o)
	default:
		return nil, fail("expression",
			`missing; write crontab text such as "0 9 * * mon-fri", or fields such as {"hour":9}`)
	}
	if err != nil {
		return nil, err
	}
	c.compile()
	return c, nil
}

// parseExpression reads crontab text, whose zone must not contradict the trigger's.
func parseExpression(text string, o *options) (*cron, error) {
	words := splitCrontab(text)
	name, words, given := cutZone(words)
	if !given {
		return parseCrontab(text, words)
	}
	z, err := loadZone(name)
	if err != nil {
		return nil, fail("expression", "%s", err.(*Error).Message)
	}
	if o.zoneGiven && z != o.zone {
		return nil, fail("expression", "its zone, %s, is not the trigger's timezone, %s; write one of both", name,
			o.zone.loc)
	}
	o.zone, o.zoneGiven = z, true
	return parseCrontab(text, words)
}

// compile turns the fields into bit sets.
func (c *cron) compile() {
	m := &c.matcher
	for _, y := range c.values(unitYear) {
		m.years[(y-1970)/64] |= 1 << ((y - 1970) % 64)
	}
	m.months = uint16(c.bits(unitMonth) >> 1)
	m.weeks = c.bits(unitWeek)
	m.hours = uint32(c.bits(unitHour))
	m.minutes, m.seconds = c.bits(unitMinute), c.bits(unitSecond)
	m.monthDays.dates = uint32(c.bits(unitDay))
	m.weekDays.weekdays = uint8(c.bits(unitWeekday))
	m.monthDays.addSpecial(c.fields[unitDay])
	m.weekDays.addSpecial(c.fields[unitWeekday])
	m.either = c.either
	for u := range c.fields {
		c.fields[u] = distinct(c.fields[u])
	}
}

// distinct drops terms that were written before, so that the description says them once.
func distinct(terms []term) (kept []term) {
	for _, t := range terms {
		t.named = false
		if !slices.Contains(kept, t) {
			kept = append(kept, t)
		}
	}
	return kept
}

// values lists what the ordinary terms of a field pick.
func (c *cron) values(u int) (values []int) {
	for _, t := range c.fields[u] {
		if t.form <= formStep {
			values = append(values, t.values(units8[u])...)
		}
	}
	return values
}

func (c *cron) bits(u int) (set uint64) {
	for _, v := range c.values(u) {
		set |= 1 << v
	}
	return set
}

func (d *days) addSpecial(terms []term) {
	for _, t := range terms {
		switch t.form {
		case formLast:
			d.fromEnd |= 1 << t.lo
		case formNearest:
			d.nearest |= 1 << t.lo
		case formLastWorkday:
			d.lastWork = true
		case formWorkday:
			d.weekdays |= workdays
		case formNth:
			d.nth[t.hi] |= 1 << t.lo
		}
		d.special = d.special || t.form > formStep
	}
}

// repeats says whether the times of day are a rhythm rather than fixed: a * or a step in hour, minute or second.
func (c *cron) repeats() bool {
	for u := unitHour; u <= unitSecond; u++ {
		if slices.ContainsFunc(c.fields[u], term.repeats) {
			return true
		}
	}
	return false
}

func (c *cron) fires(o *options, _ instant) fires { return newWallClock(&c.matcher, o, c.repeats()) }

func (c *cron) name() string              { return "cron" }
func (c *cron) onWall(*options) bool      { return true }
func (c *cron) needsAnchor(*options) bool { return false }

func (c *cron) field() string {
	if c.named {
		return "fields"
	}
	return "expression"
}

func (c *cron) encode(e *encoder, _ *options) {
	if !c.named {
		e.text("expression", c.expression)
		return
	}
	var fields encoder
	for u, text := range c.texts {
		switch _, err := strconv.Atoi(text); {
		case text == "":
		case err == nil:
			fields.raw(units8[u].name, json.RawMessage(text))
		default:
			fields.text(units8[u].name, text)
		}
	}
	e.raw("fields", fields.end())
}
