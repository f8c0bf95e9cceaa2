package scheduler

import (
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
)

// web is a pause of label team=web between the given seconds; to -1: it lasts.
func web(from, to float64) job.Pause {
	p := everything(from, to)
	p.LabelName, p.LabelValue = "team", "web"
	return p
}

func everything(from, to float64) job.Pause {
	p := job.Pause{PausedAt: at(from), PausedBy: "ada", Reason: "release 7"}
	if to >= 0 {
		p.ResumedAt, p.ResumedBy = at(to), "bob"
	}
	return p
}

// t0 is when the jobs of these tests are created.
var t0 = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// at is so many seconds after t0.
func at(seconds float64) time.Time { return t0.Add(time.Duration(seconds * float64(time.Second))) }

// instances are running instances that began at the given seconds.
func instances(began ...float64) []job.Instance {
	var list []job.Instance
	for _, b := range began {
		run := job.Run{JobID: "j", RunID: uuid.NewSHA1(uuid.Nil, []byte(at(b).String()))}
		list = append(list, job.Instance{Run: run, Node: "web-1:4711/7f3a", StartedAt: at(b)})
	}
	return list
}

const (
	every5s = `{"type":"interval","every":"5s"}`
	day     = 86400
)
