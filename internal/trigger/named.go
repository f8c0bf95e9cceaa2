package trigger

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// Named fields follow the documentation of APScheduler 3's CronTrigger.

// parseNamed reads {"day":"last fri","hour":9}. Fields that are less significant than the least significant one given
// take their minimum, all others *.
func parseNamed(data []byte) (*cron, error) {
	obj, err := parseObject(data)
	if err != nil {
		return nil, under("fields", err)
	}
	c := &cron{named: true}
	if err := obj.only("a cron trigger", c.unitNames()); err != nil {
		return nil, under("fields", err)
	}
	least := -1
	for u := range units8 {
		value, given := obj.values[units8[u].name]
		if !given {
			continue
		}
		least = u
		if c.texts[u], c.fields[u], err = namedField(u, value); err != nil {
			return nil, under("fields", err)
		}
	}
	if least < 0 {
		return nil, fail("fields", `empty; write the fields that matter, such as {"hour":9}`)
	}
	c.fillIn(least)
	return c, nil
}

func (*cron) unitNames() (names []string) {
	for _, u := range units8 {
		names = append(names, u.name)
	}
	return names
}

// fillIn gives the fields that were left out their defaults. A week and a weekday have no minimum: they stay free, as
// in APScheduler.
func (c *cron) fillIn(least int) {
	for u := range c.fields {
		switch {
		case c.fields[u] != nil:
		case u < least || u == unitWeek || u == unitWeekday:
			c.fields[u] = []term{{form: formAll, star: true}}
		default:
			c.fields[u] = []term{{form: formValue, lo: units8[u].min}}
		}
	}
}

// namedField reads a number or a text with a list.
func namedField(u int, value json.RawMessage) (text string, terms []term, err error) {
	name := units8[u].name
	if json.Unmarshal(value, &text) != nil {
		var n json.Number
		if json.Unmarshal(value, &n) != nil {
			return "", nil, fail(name, "%s is neither a number nor a text such as %q", shorten(value), "*/2")
		}
		text = n.String()
	}
	if err := checkLength(name, text); err != nil {
		return "", nil, err
	}
	offset := 0
	var normal []string
	for s := range strings.SplitSeq(text, ",") {
		if len(terms) == maxItems {
			return "", nil, fail(name, "its list has more than %d items; write ranges or steps", maxItems)
		}
		t, err := namedTerm(u, strings.TrimSpace(s))
		var wrong *termError
		if errors.As(err, &wrong) && offset > 0 {
			return "", nil, fail(name, "%s, at character %d", wrong.message, offset+1)
		}
		if err != nil {
			return "", nil, fail(name, "%v", err)
		}
		terms, normal = append(terms, t), append(normal, normalNamed(s))
		offset += len(s) + 1
	}
	return strings.Join(normal, ","), terms, nil
}

// normalNamed writes a term in lower case with single blanks and a number without leading zeros.
func normalNamed(s string) string {
	s = strings.ToLower(strings.Join(strings.Fields(s), " "))
	if n, err := strconv.Atoi(s); err == nil {
		return strconv.Itoa(n)
	}
	return s
}

// ordinals are the words before a weekday in the day field, from nth 1 on.
var ordinals = []string{"1st", "2nd", "3rd", "4th", "5th", "last"}

func namedTerm(u int, s string) (term, error) {
	words := strings.Fields(strings.ToLower(s))
	if u != unitDay || len(words) == 0 {
		return units8[u].parseTerm(s)
	}
	for i, ordinal := range ordinals {
		switch {
		case words[0] != ordinal:
		case len(words) == 1 && ordinal == "last":
			return term{form: formLast}, nil
		case len(words) != 2:
			return term{}, bad("%q needs one weekday; write %s fri", s, ordinal)
		default:
			return nthTerm(i+1, words[1])
		}
	}
	if strings.HasPrefix(words[0], "last") {
		return term{}, bad(`%q is not a day; write last, last fri, or in crontab text L-3`, s)
	}
	return units8[u].parseTerm(s)
}

// nthTerm reads the weekday after an ordinal. Its number is refused, as two numberings are about.
func nthTerm(nth int, weekday string) (term, error) {
	if digits(weekday) {
		return term{}, bad("%q is a number; write the weekday by name (%s)", weekday, strings.Join(weekdayNames, ", "))
	}
	v, _, err := units8[unitWeekday].parseValue(weekday)
	return term{form: formNth, lo: nth, hi: v}, err
}
