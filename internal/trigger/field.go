package trigger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// unit is one field of a cron definition.
type unit struct {
	name     string
	min, max int
	names    []string // short names of the values from min on; nil when there are none
	what     string   // what the names are
	seven    bool     // 7 is another way to write 0
}

// The units, most significant first, as in APScheduler's named fields.
const (
	unitYear = iota
	unitMonth
	unitDay
	unitWeek
	unitWeekday
	unitHour
	unitMinute
	unitSecond
)

var (
	monthNames   = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	weekdayNames = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	fullMonths   = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September",
		"October", "November", "December"}
	fullWeekdays = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
)

var units8 = [8]unit{
	{"year", 1970, 2199, nil, "", false},
	{"month", 1, 12, monthNames, "month", false},
	{"day", 1, 31, nil, "", false},
	{"week", 1, 53, nil, "", false},
	{"day_of_week", 0, 6, weekdayNames, "weekday", false},
	{"hour", 0, 23, nil, "", false},
	{"minute", 0, 59, nil, "", false},
	{"second", 0, 59, nil, "", false},
}

// form is the shape of a term.
type form int

const (
	formAll         form = iota // *
	formValue                   // a
	formRange                   // a-b, which wraps when b < a
	formStep                    // a/n: from a to the maximum
	formLast                    // L, L-n: lo days before the last day of the month
	formNearest                 // nW: the workday nearest to date lo
	formLastWorkday             // LW
	formWorkday                 // W
	formNth                     // the lo-th weekday hi of the month; lo is nthLast for the last
)

// term is one item of a field's list. Weekdays are numbered from Monday = 0, however they were written.
type term struct {
	form   form
	lo, hi int
	step   int // 0 without one
	named  bool
	star   bool // written with *, or ?
}

// maxItems bounds a field's list: no field of crontab text has more values.
const maxItems = 60

// values lists what a term of an ordinary form stands for, in its own order.
func (t term) values(u unit) (values []int) {
	lo, hi := t.lo, t.hi
	switch t.form {
	case formAll:
		lo, hi = u.min, u.max
	case formStep:
		hi = u.max
	case formRange:
		if hi < lo {
			hi += u.max - u.min + 1
		}
	case formValue:
		hi = lo
	}
	for v := lo; v <= hi; v += max(1, t.step) {
		values = append(values, u.min+(v-u.min)%(u.max-u.min+1))
	}
	return values
}

// repeats says whether a field with t stands for a rhythm rather than for fixed values.
func (t term) repeats() bool { return t.form == formAll || t.step > 0 }

// termError is what is wrong with a term; the caller adds the field and the position.
type termError struct{ message string }

func (e *termError) Error() string { return e.message }

func bad(format string, args ...any) error { return &termError{fmt.Sprintf(format, args...)} }

// parseTerm reads *, */n, a, a-b, a-b/n and a/n.
func (u unit) parseTerm(s string) (term, error) {
	base, stepText, stepped := strings.Cut(s, "/")
	t, err := u.parseBase(base)
	if err != nil || !stepped {
		return t, err
	}
	if t.step, err = strconv.Atoi(stepText); err != nil || t.step < 1 || !digits(stepText) {
		return t, bad("%q is not a step; write a whole number from 1, such as */5", stepText)
	}
	if t.form == formValue {
		t.form = formStep
	}
	return t, u.checkStep(t, s)
}

func (u unit) checkStep(t term, s string) error {
	if t.named {
		return bad("%q has a step on a name, which some schedulers ignore; write %s", s, u.spell(t))
	}
	all := t
	all.step = 1
	values := all.values(u)
	if n := len(values); t.step >= n && t.step > 1 {
		walked, _, _ := strings.Cut(s, "/")
		if t.form != formRange {
			walked = fmt.Sprintf("%d-%d", values[0], values[n-1])
		}
		return bad("a step of %d leaves only %d of %s; write %d", t.step, values[0], walked, values[0])
	}
	return nil
}

// spell lists the values of t by name, as the text that means it.
func (u unit) spell(t term) string {
	var names []string
	for _, v := range t.values(u) {
		names = append(names, u.names[v-u.min])
	}
	return strings.Join(names, ",")
}

func (u unit) parseBase(s string) (t term, err error) {
	if s == "*" {
		return term{form: formAll, star: true}, nil
	}
	a, b, isRange := strings.Cut(s, "-")
	switch {
	case isRange && a == "" && digits(b):
		return t, bad("%s is outside %d-%d", s, u.min, u.most())
	case isRange && (a == "" || b == ""):
		return t, bad("%q lacks a value beside the -; write %s", s, u.example())
	}
	t.form = formValue
	if t.lo, t.named, err = u.parseValue(a); err != nil || !isRange {
		return t, err
	}
	t.form = formRange
	hi, named, err := u.parseValue(b)
	t.hi, t.named = hi, t.named || named
	if u.seven && t.lo == 0 && !isSeven(a) && isSeven(b) {
		t.hi = 6 // 0-7 is the whole week, 7-7 is Sunday
	}
	if err == nil && t.hi < t.lo && u.name == "year" {
		err = bad("%q runs backwards; write %s-%s", s, b, a)
	}
	return t, err
}

// parseValue reads a number or a name.
func (u unit) parseValue(s string) (v int, named bool, err error) {
	switch {
	case s == "":
		return 0, false, bad("a value is missing; write %s", u.example())
	case digits(s):
		v, err = u.parseNumber(s)
		return v, false, err
	case u.names == nil:
		return 0, false, bad("%q is not a number; write %s", s, u.example())
	}
	if i := slices.Index(u.names, strings.ToLower(s)); i >= 0 {
		return u.min + i, true, nil
	}
	return 0, false, u.badName(s)
}

func (u unit) parseNumber(s string) (int, error) {
	v, err := strconv.Atoi(s)
	if v == 7 && u.what == "weekday" && !u.seven {
		return 0, bad("7 is outside 0-6, where 0 is Monday and 6 Sunday; write sun")
	}
	if err != nil || v < u.min || v > u.most() {
		return 0, bad("%s is outside %d-%d", s, u.min, u.most())
	}
	if v > u.max {
		return 0, nil
	}
	return v, nil
}

// most is the largest number that may be written.
func (u unit) most() int {
	if u.seven {
		return 7
	}
	return u.max
}

func isSeven(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n == 7
}

func (u unit) badName(s string) error {
	full := fullMonths
	if u.what == "weekday" {
		full = fullWeekdays
	}
	for _, name := range full {
		if strings.EqualFold(name, s) {
			return bad("%q is too long; write %q", s, strings.ToLower(name[:3]))
		}
	}
	return bad("%q is not a %s (%s)", s, u.what, strings.Join(u.names, ", "))
}

func (u unit) example() string {
	return fmt.Sprintf("%d-%d, *, */%d or a list with commas", u.min, u.max, 2)
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
