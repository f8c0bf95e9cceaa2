package trigger

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Crontab text follows crontab(5) of Vixie's cron, with a leading field of seconds and Quartz's L, W and #.

// shortcuts are crontab(5)'s nicknames.
var shortcuts = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
	"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

// crontabOrder is the order of the fields in the text.
var crontabOrder = []int{unitSecond, unitMinute, unitHour, unitDay, unitMonth, unitWeekday}

// crontabWeekday numbers weekdays from Sunday = 0 to Saturday = 6; 7 is Sunday too.
var crontabWeekday = unit{"day_of_week", 0, 6, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, "weekday",
	true}

// crontabWord is one field of a crontab text, with the position where it begins.
type crontabWord struct {
	text  string
	start int
}

var wordPattern = regexp.MustCompile(`[^ \t\r\n]+`)

// splitCrontab splits the text at blanks.
func splitCrontab(text string) (words []crontabWord) {
	for _, at := range wordPattern.FindAllStringIndex(text, -1) {
		words = append(words, crontabWord{text[at[0]:at[1]], at[0]})
	}
	return words
}

// cutZone reads the zone where the first word is CRON_TZ= or TZ= with one; the fields are the rest.
func cutZone(words []crontabWord) (zone string, rest []crontabWord, given bool) {
	if len(words) == 0 {
		return "", nil, false
	}
	for _, prefix := range []string{"CRON_TZ=", "TZ="} {
		if zone, given = strings.CutPrefix(words[0].text, prefix); given {
			return zone, words[1:], true
		}
	}
	return "", words, false
}

// parseCrontab reads the words of a crontab text whose zone has been read.
func parseCrontab(text string, words []crontabWord) (*cron, error) {
	c := &cron{}
	if len(words) > 0 && strings.HasPrefix(words[0].text, "@") {
		c.expression = strings.ToLower(words[0].text)
		expansion, known := shortcuts[c.expression]
		if !known || len(words) > 1 {
			return nil, fail("expression",
				"%q is not known (@hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually); "+
					"for @every write an interval trigger, for @reboot a date trigger",
				strings.TrimSpace(text[words[0].start:]))
		}
		words = splitCrontab(expansion)
	}
	return c, c.readWords(text, words)
}

func (c *cron) readWords(text string, words []crontabWord) (err error) {
	skip := 0
	switch len(words) {
	case 5:
		skip = 1
		c.fields[unitSecond] = []term{{form: formValue}}
	case 6:
	case 7:
		return fail("expression", "%q has 7 fields; write 5, or 6 with seconds first, and a year in named fields", text)
	default:
		return fail("expression", "%q has %d fields; write 5 (minute hour day month weekday), or 6 with seconds first",
			text, len(words))
	}
	c.fields[unitYear], c.fields[unitWeek] = []term{{form: formAll}}, []term{{form: formAll}}
	var normal []string
	for i, word := range words {
		u := crontabOrder[i+skip]
		if c.fields[u], err = crontabField(u, word); err != nil {
			return err
		}
		normal = append(normal, normalWord(u, word.text))
	}
	if c.expression == "" {
		c.expression = strings.Join(normal, " ")
	}
	c.either = restricted(c.fields[unitDay]) && restricted(c.fields[unitWeekday])
	return nil
}

// normalWord writes names in lower case and L and W in upper case.
func normalWord(u int, word string) string {
	if u == unitDay {
		return strings.ToUpper(word)
	}
	word = strings.ToLower(word)
	if u != unitWeekday {
		return word
	}
	items := strings.Split(word, ",")
	for i, item := range items {
		if s, last := strings.CutSuffix(item, "l"); last {
			items[i] = s + "L"
		}
	}
	return strings.Join(items, ",")
}

// restricted says that a field counts for Vixie's rule: it has no *, in the words of crontab(5).
func restricted(terms []term) bool {
	return !slices.ContainsFunc(terms, func(t term) bool { return t.star })
}

// crontabField reads one field's list.
func crontabField(u int, word crontabWord) (terms []term, err error) {
	offset := word.start
	for s := range strings.SplitSeq(word.text, ",") {
		if len(terms) == maxItems {
			return nil, fail("expression", "%s: its list has more than %d items; write ranges or steps", units8[u].name,
				maxItems)
		}
		t, err := crontabTerm(u, s)
		var wrong *termError
		if errors.As(err, &wrong) {
			return nil, fail("expression", "%s: %s, at character %d", units8[u].name, wrong.message, offset+1)
		}
		terms = append(terms, t)
		offset += len(s) + 1
	}
	return terms, nil
}

func crontabTerm(u int, s string) (term, error) {
	if s == "?" {
		if u == unitDay || u == unitWeekday {
			return term{form: formAll, star: true}, nil
		}
		return term{}, bad(`"?" is only for the day and the weekday; write "*"`)
	}
	switch u {
	case unitDay:
		return crontabDay(s)
	case unitWeekday:
		return crontabDayOfWeek(s)
	}
	return units8[u].parseTerm(s)
}

// crontabDay reads L, L-n, W, LW and nW beside the ordinary terms.
func crontabDay(text string) (term, error) {
	switch s := strings.ToUpper(text); {
	case s == "L":
		return term{form: formLast}, nil
	case s == "LW":
		return term{form: formLastWorkday}, nil
	case s == "W":
		return term{form: formWorkday}, nil
	case strings.HasPrefix(s, "L-"):
		n, err := strconv.Atoi(s[2:])
		if err != nil || !digits(s[2:]) || n > 30 {
			return term{}, bad("%q is not a day before the last; write L-1 to L-30", text)
		}
		return term{form: formLast, lo: n}, nil
	case strings.HasSuffix(s, "W"):
		n, _, err := units8[unitDay].parseValue(s[:len(s)-1])
		if err != nil {
			return term{}, bad("%q is not the workday nearest to a date; write 1W to 31W, or LW", text)
		}
		return term{form: formNearest, lo: n}, nil
	case strings.HasPrefix(s, "LAST"):
		return term{}, bad("%q belongs to named fields; write L for the last day, L-3 for the third before it", text)
	}
	return units8[unitDay].parseTerm(text)
}

// crontabDayOfWeek reads fri#2 and friL beside the ordinary terms, and renumbers to Monday = 0.
func crontabDayOfWeek(s string) (term, error) {
	u := crontabWeekday
	if s == "L" || s == "l" {
		return term{},
			bad(`"L" is Saturday to some schedulers and the last weekday to others; write sat, or friL for the last Friday`)
	}
	if day, nth, found := strings.Cut(s, "#"); found {
		v, _, err := u.parseValue(day)
		if err != nil {
			return term{}, err
		}
		if len(nth) != 1 || nth < "1" || nth > "5" {
			return term{}, bad("%q is not one of a month's weekdays; write %s#1 to %s#5", s, day, day)
		}
		return term{form: formNth, lo: int(nth[0] - '0'), hi: fromSunday(v)}, nil
	}
	if n := len(s) - 1; n > 0 && (s[n] == 'L' || s[n] == 'l') {
		if v, _, err := u.parseValue(s[:n]); err == nil {
			return term{form: formNth, lo: nthLast, hi: fromSunday(v)}, nil
		}
	}
	t, err := u.parseTerm(s)
	return renumber(t), err
}

// renumber turns a term that counts from Sunday = 0 into one that counts from Monday = 0 and picks the same days.
func renumber(t term) term {
	const saturday, sunday = 5, 6
	switch {
	case t.form == formAll && t.step > 0:
		t.form, t.lo, t.hi = formRange, sunday, saturday
	case t.form == formStep:
		t.form, t.lo, t.hi = formRange, fromSunday(t.lo), saturday
	case t.form == formRange || t.form == formValue:
		t.lo, t.hi = fromSunday(t.lo), fromSunday(t.hi)
	}
	return t
}

// fromSunday renumbers a weekday from Sunday = 0 to Monday = 0.
func fromSunday(v int) int { return (v + 6) % 7 }
