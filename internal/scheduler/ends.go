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
	took    time.Duration
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
