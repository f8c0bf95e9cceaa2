package trigger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// describe writes "at 09:00 on Monday to Friday": the time of day, then the days.
func (c *cron) describe(*options) string {
	time, fixed := c.describeTime()
	parts := []string{time}
	switch days := c.describeDays(); {
	case days != "":
		parts = append(parts, days)
	case fixed:
		parts = append(parts, "every day")
	}
	return strings.Join(append(parts, c.describePeriod()...), " ")
}

// describeTime says whether the times of day are fixed, and so few that they are listed.
func (c *cron) describeTime() (s string, fixed bool) {
	const most = 6
	hours, minutes, seconds := c.sorted(unitHour), c.sorted(unitMinute), c.sorted(unitSecond)
	if !c.repeats() && len(hours)*len(minutes)*len(seconds) <= most {
		var times []string
		for _, h := range hours {
			for _, m := range minutes {
				for _, s := range seconds {
					times = append(times, clockTime(h*3600+m*60+s))
				}
			}
		}
		return "at " + and(times), true
	}
	return c.describeRhythm(), false
}

// describeRhythm goes from the second to the hour: the finest that matters says "every second", "every 5 minutes" or at
// which of its values, the others within which of theirs.
func (c *cron) describeRhythm() string {
	var parts []string
	for _, u := range []int{unitSecond, unitMinute, unitHour} {
		onTheDot := u == unitSecond && slices.Equal(c.sorted(u), []int{0})
		if onTheDot {
			continue // goes without saying
		}
		if s := c.describeTimeField(u, len(parts) == 0); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}

// describeTimeField returns "" where the part before it has said enough: "every 5 minutes", of every hour.
func (c *cron) describeTimeField(u int, finest bool) string {
	name := units8[u].name
	n, even := evenStep(c.fields[u], units8[u])
	switch {
	case even && n == 1 && finest:
		return "every " + name
	case even && finest:
		return fmt.Sprintf("every %d %ss", n, name)
	case even && n == 1 && c.steady(u+1):
		return ""
	case even && n == 1:
		return "of every " + name
	case finest:
		return "at " + c.listValues(u, name)
	}
	return "in " + c.listValues(u, name)
}

// steady says whether the field u and those finer than it follow one even rhythm, which needs no "of every hour".
func (c *cron) steady(u int) bool {
	_, even := evenStep(c.fields[u], units8[u])
	if u == unitMinute && even {
		return slices.Equal(c.sorted(unitSecond), []int{0}) || c.steady(unitSecond)
	}
	return even
}

// evenStep returns n where a field is * (n = 1) or a */n whose n divides its range, so that all steps are equally long.
func evenStep(terms []term, u unit) (n int, even bool) {
	if len(terms) != 1 || terms[0].form != formAll {
		return 0, false
	}
	n = max(1, terms[0].step)
	return n, (u.max-u.min+1)%n == 0
}

// describeDays returns "" when each day of the month and of the week is meant.
func (c *cron) describeDays() string {
	day, weekday := c.describeMonthDay(), c.describeWeekday()
	switch {
	case day != "" && weekday != "" && c.either:
		return day + " or " + weekday
	case day != "" && weekday != "":
		return day + " if it is " + strings.TrimPrefix(weekday, "on ")
	}
	return day + weekday
}

// describePeriod says in which weeks, months and years those days are.
func (c *cron) describePeriod() (parts []string) {
	if week := c.listValues(unitWeek, "ISO week"); week != "" {
		parts = append(parts, "in "+week)
	}
	if month := c.listNames(unitMonth, fullMonths); month != "" {
		parts = append(parts, "in "+month)
	}
	if year := c.listValues(unitYear, "year"); year != "" {
		parts = append(parts, "in "+year)
	}
	return parts
}

func (c *cron) describeMonthDay() string {
	var parts []string
	if s := c.listValues(unitDay, "day"); s != "" {
		parts = append(parts, s)
	}
	for _, t := range c.fields[unitDay] {
		switch {
		case t.form == formLast && t.lo == 0:
			parts = append(parts, "the last day")
		case t.form == formLast:
			parts = append(parts, fmt.Sprintf("the %s day before the last", ordinal(t.lo)))
		case t.form == formNearest:
			parts = append(parts, fmt.Sprintf("the workday nearest to day %d", t.lo))
		case t.form == formLastWorkday:
			parts = append(parts, "the last workday")
		case t.form == formWorkday:
			parts = append(parts, "every workday")
		case t.form == formNth:
			parts = append(parts, nthWeekday(t))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "on " + and(parts) + " of the month"
}

func (c *cron) describeWeekday() string {
	var parts []string
	if s := c.listNames(unitWeekday, fullWeekdays); s != "" {
		parts = append(parts, s)
	}
	for _, t := range c.fields[unitWeekday] {
		if t.form == formNth {
			parts = append(parts, nthWeekday(t)+" of the month")
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "on " + and(parts)
}

func nthWeekday(t term) string {
	if t.lo == nthLast {
		return "the last " + fullWeekdays[t.hi]
	}
	return fmt.Sprintf("the %s %s", ordinal(t.lo), fullWeekdays[t.hi])
}

// listValues lists the values of a field as "days 1, 5 and 10 to 15"; "" when the field is free.
func (c *cron) listValues(u int, noun string) string {
	parts, steps := c.list(u, noun, strconv.Itoa)
	switch {
	case len(parts) == 0:
		return and(append(parts, steps...))
	case len(parts) > 1 || !digits(parts[0]):
		noun += "s"
	}
	return noun + " " + and(append(parts, steps...))
}

func (c *cron) listNames(u int, names []string) string {
	parts, _ := c.list(u, "", func(v int) string { return names[v-units8[u].min] })
	return and(parts)
}

// list writes the ordinary terms of a field: a range as "a to b", a step as its values where they are few, otherwise,
// among steps, as "every 3rd hour from a to b". Both are empty when the field is free.
func (c *cron) list(u int, noun string, write func(int) string) (parts, steps []string) {
	const few = 8
	for _, t := range c.fields[u] {
		if t.form > formStep {
			continue
		}
		values := t.values(units8[u])
		n := len(values)
		switch {
		case t.form == formAll && t.step <= 1:
			return nil, nil
		case n > 1 && t.step <= 1:
			parts = append(parts, write(values[0])+" to "+write(values[n-1]))
		case n > few:
			steps = append(steps,
				fmt.Sprintf("every %s %s from %s to %s", ordinal(t.step), noun, write(values[0]), write(values[n-1])))
		default:
			for _, v := range values {
				if s := write(v); !slices.Contains(parts, s) {
					parts = append(parts, s)
				}
			}
		}
	}
	return parts, steps
}

// sorted lists the values of a field of the time of day, each once.
func (c *cron) sorted(u int) (values []int) {
	for v := units8[u].min; v <= units8[u].max; v++ {
		if c.bits(u)>>v&1 == 1 {
			values = append(values, v)
		}
	}
	return values
}

// clockTime writes 09:00, or 09:00:30 where there are seconds.
func clockTime(s int) string {
	if s%60 == 0 {
		return fmt.Sprintf("%02d:%02d", s/3600, s/60%60)
	}
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

func ordinal(n int) string {
	suffix := "th"
	if n/10%10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

// and writes "a, b and c".
func and(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	n := len(parts) - 1
	return strings.Join(parts[:n], ", ") + " and " + parts[n]
}
