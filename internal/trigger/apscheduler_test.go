package trigger

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "record APScheduler's answers anew (needs Debian's python3-apscheduler)")

const (
	recorded = "testdata/apscheduler.json.gz"
	// Debian's interpreter sees Debian's packages.
	python = "/usr/bin/python3"
)

// question is one case for APScheduler; its answer are the fires from the given time on.
type question struct {
	Kind       string            `json:"kind"`
	Timezone   string            `json:"timezone"`
	From       int64             `json:"from"`
	Count      int               `json:"count"`
	Expression string            `json:"expression,omitempty"`
	Fields     map[string]string `json:"fields,omitempty"`
	Start      string            `json:"start,omitempty"`
	Seconds    int64             `json:"seconds,omitempty"`
}

type recording struct {
	Version   string     `json:"version"`
	Questions []question `json:"questions"`
	Answers   [][]int64  `json:"answers"`
}

// TestAgreesWithAPScheduler compares with the recorded answers of APScheduler 3.9.1, always, and asks the installed one
// where there is one. Cases in which APScheduler is wrong or means something else are left out, each for its reason.
func TestAgreesWithAPScheduler(t *testing.T) {
	questions, excluded := drawQuestions()
	t.Logf("%d cases; excluded: %v", len(questions), excluded)
	if *update {
		record(t, questions)
	}
	old := readRecording(t)
	if diff := cmp.Diff(questions, old.Questions); diff != "" {
		t.Fatalf("the recording is of other cases; record anew with -update (-drawn +recorded):\n%.2000s", diff)
	}
	cut := 0
	for i, q := range old.Questions {
		cut += compare(t, q, old.Answers[i])
	}
	t.Logf("APScheduler %s, recorded: %d cases compared, %d cut at a transition of the clocks", old.Version,
		len(questions), cut)
	if version := installedVersion(); version != "" {
		for i, answer := range ask(t, questions) {
			compare(t, questions[i], answer)
		}
		t.Logf("APScheduler %s, installed: %d cases compared", version, len(questions))
	}
}

// compare checks one case and says whether it was cut. From the first transition on, APScheduler's cron arithmetic goes
// wrong: it adds differences of local times to instants, and so skips, doubles or shifts fires up to a month later.
func compare(t *testing.T, q question, answer []int64) (cut int) {
	t.Helper()
	z, err := loadZone(q.Timezone)
	if err != nil {
		t.Fatal(err)
	}
	end := int64(1 << 40)
	if n := z.at(instant(q.From * second)); q.Kind == "crontab" || q.Kind == "fields" {
		end = int64(z.end(n)) / second
	}
	trig := parse(t, q.text()).Anchored(time.Unix(q.From, 0))
	after := time.Unix(q.From, 0).Add(-time.Microsecond)
	want, got := []string{}, []string{}
	for _, i := range answer {
		if i >= end-86400 {
			cut = 1
			break
		}
		want = append(want, time.Unix(i, 0).UTC().Format(time.RFC3339))
		at, _ := trig.Next(after)
		got = append(got, at.Format(time.RFC3339Nano))
		after = at
	}
	if len(answer) < q.Count {
		if at, _ := trig.Next(after); cut == 0 && !at.IsZero() {
			t.Errorf("%s fires at %s, but APScheduler's is exhausted", q.text(), at)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s from %s (-APScheduler +got):\n%s", q.text(), time.Unix(q.From, 0).UTC(), diff)
	}
	return cut
}

// text is the case as a definition of ours.
func (q question) text() string {
	definition := map[string]any{"timezone": q.Timezone}
	switch q.Kind {
	case "crontab":
		definition["type"], definition["expression"] = "cron", q.Expression
	case "fields":
		definition["type"], definition["fields"] = "cron", q.Fields
	case "date":
		definition["type"], definition["at"] = "date", q.Start
	case "interval":
		definition["type"], definition["start"], definition["every"] = "interval", q.Start,
			fmt.Sprintf("%ds", q.Seconds)
	}
	text, err := json.Marshal(definition)
	if err != nil {
		panic(err) // it holds only text
	}
	return string(text)
}

// drawQuestions draws the same cases each time, and counts those left out by reason.
func drawQuestions() (questions []question, excluded map[string]int) {
	r := rand.New(rand.NewPCG(3, 9))
	excluded = map[string]int{}
	for range 4000 {
		q := question{
			Timezone: oddZones[r.IntN(len(oddZones))], Count: 5,
			// Years whose zone data no longer change: Python's and Go's come from different releases.
			From: time.Date(2000+r.IntN(21), 1, 1, 0, 0, 0, 0, time.UTC).Unix() + r.Int64N(365*86400),
		}
		switch r.IntN(10) {
		case 0:
			q.Kind, q.Seconds = "interval", 1+r.Int64N(1_000_000)
			q.Start = time.Unix(q.From-r.Int64N(1e8)+1e7, 0).UTC().Format("2006-01-02T15:04:05")
		case 1:
			q.Kind, q.Start = "date", time.Unix(q.From+r.Int64N(1e8), 0).UTC().Format("2006-01-02T15:04:05")
		case 2, 3, 4, 5:
			q.Kind, q.Expression = "crontab", drawCrontab(r)
		default:
			q.Kind, q.Fields = "fields", drawNamed(r)
		}
		if reason := q.excluded(); reason != "" {
			excluded[reason]++
			continue
		}
		questions = append(questions, q)
	}
	return questions, excluded
}

// excluded says why a case is not put to APScheduler, "" when it is.
func (q question) excluded() string {
	z, err := loadZone(q.Timezone)
	if err != nil {
		return err.Error()
	}
	if q.Kind == "crontab" {
		f := strings.Fields(q.Expression)
		switch {
		case !strings.Contains(f[2], "*") && !strings.Contains(f[4], "*"):
			return "it knows no day OR weekday: from_crontab demands both"
		case strings.ContainsAny(f[4], "0123456789") && !strings.HasPrefix(f[4], "*"):
			return "it numbers crontab's weekdays from Monday"
		case strings.HasPrefix(f[4], "*/"):
			return "it counts steps of weekdays from Monday"
		}
	}
	if start := int64(z.spans[z.at(instant(q.From*second))].start) / second; q.From-start < 86400 &&
		q.Kind != "interval" && q.Kind != "date" {
		return "it knows no shifted fires, on the day of a transition"
	}
	if _, err := Parse([]byte(q.text())); err != nil && strings.Contains(err.Error(), "never happens") {
		return "it searches up to the year 9999 for what never fires"
	}
	return ""
}

func drawCrontab(r *rand.Rand) string {
	weekdays := []string{"*", "*", "*", "mon-fri", "sat,sun", "wed", "0", "*/2", "1-5"}
	months := []string{"*", "*", "*", "1-6", "*/3", "feb", "jun-aug", "2,11"}
	return strings.Join([]string{drawItem(r, 0, 59), drawItem(r, 0, 23), drawItem(r, 1, 31),
		months[r.IntN(len(months))], weekdays[r.IntN(len(weekdays))]}, " ")
}

func drawNamed(r *rand.Rand) map[string]string {
	choices := map[string]func() string{
		"year":        func() string { return drawItem(r, 2020, 2040) },
		"month":       func() string { return drawItem(r, 1, 12) },
		"day":         func() string { return drawNamedDay(r) },
		"week":        func() string { return drawItem(r, 1, 53) },
		"day_of_week": func() string { return drawItem(r, 0, 6) },
		"hour":        func() string { return drawItem(r, 0, 23) },
		"minute":      func() string { return drawItem(r, 0, 59) },
		"second":      func() string { return drawItem(r, 0, 59) },
	}
	fields := map[string]string{}
	for _, u := range units8 {
		if r.IntN(3) == 0 {
			fields[u.name] = choices[u.name]()
		}
	}
	if len(fields) == 0 {
		fields["hour"] = "*/4"
	}
	return fields
}

func drawNamedDay(r *rand.Rand) string {
	switch r.IntN(4) {
	case 0:
		return "last"
	case 1:
		return ordinals[r.IntN(len(ordinals))] + " " + weekdayNames[r.IntN(7)]
	}
	return drawItem(r, 1, 31)
}

// drawItem draws one field; steps stay within their range.
func drawItem(r *rand.Rand, lo, hi int) string {
	a := lo + r.IntN(hi-lo)
	b := a + 1 + r.IntN(hi-a)
	switch r.IntN(7) {
	case 0:
		return fmt.Sprintf("%d-%d", a, b)
	case 1:
		return fmt.Sprintf("%d-%d/%d", a, b, 1+r.IntN(b-a))
	case 2:
		return fmt.Sprintf("*/%d", 1+r.IntN(hi-lo))
	case 3:
		return fmt.Sprintf("%d,%d", b, a)
	case 4:
		return fmt.Sprint(a)
	}
	return "*"
}

func installedVersion() string {
	out, err := exec.Command(python, "-c", "import apscheduler; print(apscheduler.version)").Output()
	if err != nil {
		return "" // not there: the recording has been compared
	}
	return strings.TrimSpace(string(out))
}

func ask(t *testing.T, questions []question) (answers [][]int64) {
	t.Helper()
	text, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/ask_apscheduler.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ask APScheduler: %v", err)
	}
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatalf("read APScheduler's answers: %v", err)
	}
	return answers
}

func record(t *testing.T, questions []question) {
	t.Helper()
	text, err := json.Marshal(recording{installedVersion(), questions, ask(t, questions)})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err = w.Write(text)
	if closed := w.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
	if err := os.WriteFile(recorded, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readRecording(t *testing.T) (old recording) {
	t.Helper()
	f, err := os.Open(recorded)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(r).Decode(&old); err != nil {
		t.Fatalf("read %s: %v", recorded, err)
	}
	return old
}
