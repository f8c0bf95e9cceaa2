package scheduler

import (
	"sync"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// ends collects ends while the previous batch is being written: batches form by themselves. An end that was refused is
// out of the list until it is to be tried again, and is then taken alone, so that it spoils no batch.
type ends struct {
	wake signal // of the loop that records them

	mu   sync.Mutex // guards list
	list []ending
}

// ending is an attempt's record that is not durable yet, and the queue whose slot it holds.
type ending struct {
	queue   string
	record  job.Record
	refused int  // so many times, alone
	watched bool // the definition had OnFailure
}

// asideAtMost is the longest wait before an end that was refused is tried again.
const asideAtMost = time.Minute

func (e *ends) add(x ...ending) {
	e.mu.Lock()
	e.list = append(e.list, x...)
	e.mu.Unlock()
	e.wake.send()
}

// count says how many are to be recorded now.
func (e *ends) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.list)
}

func (e *ends) take(limit int) []ending {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for n < min(limit, len(e.list)) && e.list[n].refused == 0 {
		n++
	}
	if n == 0 && len(e.list) > 0 {
		n = 1
	}
	batch := e.list[:n:n]
	e.list = e.list[n:]
	return batch
}

// putAside adds an end again after a wait, which doubles with every refusal.
func (e *ends) putAside(x ending) (wait time.Duration) {
	wait = min(time.Second<<min(x.refused, 30), asideAtMost)
	x.refused++
	time.AfterFunc(wait, func() { e.add(x) })
	return wait
}

// watched lists the jobs of final ends that are to be judged.
func watched(batch []ending) (jobs []string) {
	for _, e := range batch {
		if e.watched && e.record.Final {
			jobs = append(jobs, e.record.JobID)
		}
	}
	return jobs
}

func recordsOf(batch []ending) []job.Record {
	rs := make([]job.Record, len(batch))
	for i, e := range batch {
		rs[i] = e.record
	}
	return rs
}

// endsOf pairs the records that were written with the attempts that they end.
func endsOf(batch []ending, written []job.Record) []job.End {
	type attempt struct {
		job string
		run [16]byte
		n   int
	}
	of := func(r job.Record) attempt { return attempt{r.JobID, r.RunID, r.Attempt} }
	ended := make(map[attempt]ending, len(batch))
	for _, e := range batch {
		ended[of(e.record)] = e
	}
	ends := make([]job.End, 0, len(written))
	for _, r := range written {
		e := ended[of(r)]
		ends = append(ends, job.End{Record: r, Executor: job.ExecutorOf(e.queue)})
	}
	return ends
}
