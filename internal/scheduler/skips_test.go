package scheduler

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// A job that keeps skipping is warned of three times, then summed up once a minute; after a quiet minute it is warned
// of singly again.
func TestSkipsAreSummedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		told := &skips{story: &story{log: slog.New(slog.NewJSONHandler(&out, nil))}}
		start := time.Now()
		skips := func(until time.Duration) {
			for ; time.Since(start) < until; time.Sleep(5 * time.Second) {
				j := lookAt(t, every5s, time.Now().Add(-5*time.Second))
				d := planAt(j, time.Now(), []job.Instance{{Node: "n", StartedAt: start}}, nil)
				told.skipped(policy.Decided{Look: j, Decision: d}, d.Skip[0])
				told.sumUp(time.Now())
			}
		}
		skips(3 * time.Minute) // 36 skips
		for range 30 {         // then quiet
			time.Sleep(5 * time.Second)
			told.sumUp(time.Now())
		}
		skips(time.Since(start) + time.Second)

		type line struct {
			Msg    string
			Count  int
			Reason string
			Note   string
			Remedy string
		}
		var got []line
		for dec := json.NewDecoder(&out); dec.More(); {
			var l line
			if err := dec.Decode(&l); err != nil {
				t.Fatal(err)
			}
			if l.Remedy == "" {
				t.Error("a line without a remedy")
			}
			l.Remedy = ""
			got = append(got, l)
		}
		const reason = "maximum number of running instances reached (1)"
		want := []line{
			{Msg: "run skipped", Reason: reason}, {Msg: "run skipped", Reason: reason},
			{Msg: "run skipped", Reason: reason, Note: "further skips of this job are summed up once a minute"},
			{Msg: "runs skipped", Count: 12, Reason: reason}, {Msg: "runs skipped", Count: 12, Reason: reason},
			{Msg: "runs skipped", Count: 9, Reason: reason},
			{Msg: "run skipped", Reason: reason},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}

// Fire times that are skipped for other reasons are told, not warned of.
func TestOtherSkipsAreTold(t *testing.T) {
	var out bytes.Buffer
	told := &skips{story: &story{log: slog.New(slog.NewJSONHandler(&out, nil))}}
	d := planAt(lookAt(t, every5s, t0), at(62), nil, nil)
	told.skipped(policy.Decided{Decision: d}, d.Skip[0])
	var got struct {
		Level, Msg string
		Count      int
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.Level != "INFO" || got.Count != 11 {
		t.Errorf("line is %s (%v)", out.String(), err)
	}
}

// Once a run has ended the number is certain: that skip is warned of singly again, with those that were not told.
func TestSkipsTellTheCertainNumber(t *testing.T) {
	var out bytes.Buffer
	told := &skips{story: &story{log: slog.New(slog.NewJSONHandler(&out, nil))}}
	for i := range 8 {
		j := lookAt(t, every5s, t0)
		if i >= 5 {
			j.Pace = policy.Pace{Runs: 1, Longest: time.Minute}
		}
		d := planAt(j, at(10), instances(0), nil)
		told.skipped(policy.Decided{Look: j, Decision: d}, d.Skip[len(d.Skip)-1])
	}
	var besides []int
	for dec := json.NewDecoder(&out); dec.More(); {
		var line struct {
			Besides int `json:"skipped_besides"`
		}
		if err := dec.Decode(&line); err != nil {
			t.Fatal(err)
		}
		besides = append(besides, line.Besides)
	}
	if diff := cmp.Diff([]int{0, 0, 0, 2}, besides); diff != "" {
		t.Errorf("lines, by what they tell besides (-want +got):\n%s", diff)
	}
}
