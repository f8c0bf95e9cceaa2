package tests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/executor"
	"github.com/pgdue/pgdue/internal/invariant"
	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/storetest"
)

// receiver is the program that jobs call, at /job, and that is told of alerts, at /alert.
type receiver struct {
	url string

	mu     sync.Mutex
	broken bool // jobs fail
	told   []call
}

// call is what was told of an alert.
type call struct {
	Key, Attempt, Type string
	Body               struct {
		Alert    string `json:"alert"`
		ID       string `json:"id"`
		JobID    string `json:"job_id"`
		Failures int    `json:"failures"`
		Paused   bool   `json:"paused"`
	}
}

func (c call) String() string {
	return fmt.Sprintf("%s of %s #%s failures %d", c.Body.Alert, c.Body.JobID, c.Attempt, c.Body.Failures)
}

// receive serves a receiver; answer says with which status it answers the n-th alert, after it has been noted.
func receive(t *testing.T, answer func(n int, r *http.Request) int) *receiver {
	t.Helper()
	rec := &receiver{broken: true}
	mux := http.NewServeMux()
	mux.HandleFunc("/job", func(w http.ResponseWriter, _ *http.Request) {
		rec.mu.Lock()
		defer rec.mu.Unlock()
		if rec.broken {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("POST /alert", func(w http.ResponseWriter, r *http.Request) {
		c := call{Key: r.Header.Get("Idempotency-Key"), Attempt: r.Header.Get("Pgdue-Attempt"),
			Type: r.Header.Get("Content-Type")}
		body, err := io.ReadAll(r.Body)
		if err = errors.Join(err, json.Unmarshal(body, &c.Body)); err != nil {
			t.Errorf("told %s: %v", body, err)
		}
		rec.mu.Lock()
		rec.told = append(rec.told, c)
		n := len(rec.told)
		rec.mu.Unlock()
		w.WriteHeader(answer(n, r))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	rec.url = server.URL
	return rec
}

func (r *receiver) mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = false
}

func (r *receiver) calls() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.told)
}

// watchedJob calls /job every 100 ms and tells /alert after two failures in a row.
func (r *receiver) watchedJob(t *testing.T, id string) job.Definition {
	d := storetest.Job(t, id, `{"type":"interval","every":"100ms"}`)
	d.Work = &job.HTTP{URL: r.url + "/job"}
	d.OnFailure = &job.OnFailure{After: 2, HTTP: &job.HTTP{URL: r.url + "/alert"}}
	return d
}

// runHTTP runs a node that does http, and returns what stops it.
func runHTTP(t *testing.T, s scheduler.Store) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	node := &scheduler.Scheduler{Store: s, Executor: &executor.Pool{Kinds: []executor.Kind{&executor.HTTP{}}},
		Log: testLog(t), Poll: 100 * time.Millisecond}
	var running sync.WaitGroup
	running.Go(func() {
		if err := node.Run(ctx); err != nil {
			t.Errorf("node: %v", err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

// hurryCalls makes those calls due that have failed so often.
func hurryCalls(t *testing.T, conn *pgx.Conn, attempts int) {
	t.Helper()
	storetest.Await(t, conn, fmt.Sprintf("attempt %d to fail", attempts), `
		WITH hurried AS (UPDATE pgdue.alerts SET next_attempt_at = pgdue.now()
		                 WHERE state = 'pending' AND attempts = $1 AND last_error IS NOT NULL RETURNING 1)
		SELECT EXISTS (SELECT FROM hurried)`, attempts)
}

// A job fails on two nodes, and the URL answers with an error twice: it is told of that failure once more each time,
// with one key, and of the recovery once.
func TestAlertIsToldUntilItIsTaken(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := raceStore(t, url)
	rec := receive(t, func(n int, _ *http.Request) int {
		if n <= 2 {
			return http.StatusInternalServerError
		}
		return http.StatusNoContent
	})
	if _, err := s.Add(t.Context(), rec.watchedJob(t, "web"), job.Author{}); err != nil {
		t.Fatal(err)
	}
	runHTTP(t, s)
	runHTTP(t, raceStore(t, url))
	hurryCalls(t, conn, 1)
	hurryCalls(t, conn, 2)
	storetest.Await(t, conn, "the failure to be told",
		"SELECT EXISTS (SELECT FROM pgdue.alerts WHERE state = 'delivered')")
	storetest.Await(t, conn, "five more failures",
		"SELECT count(*) > 5 FROM pgdue.run_history WHERE outcome = 'failed' AND started_at > (SELECT ended_at "+
			"FROM pgdue.alerts)")
	rec.mend()
	storetest.Await(t, conn, "the recovery to be told",
		"SELECT EXISTS (SELECT FROM pgdue.alerts WHERE kind = 'recovery' AND state = 'delivered')")

	told := rec.calls()
	if got, want := fmt.Sprint(told), "[failure of web #1 failures 2 failure of web #2 failures 2 failure of web #3 "+
		"failures 2 recovery of web #1 failures 0]"; got != want {
		t.Fatalf("told %s\nwant %s", got, want)
	}
	for _, c := range told {
		if c.Key != c.Body.ID || c.Type != "application/json" || c.Body.Paused {
			t.Errorf("told %+v", c)
		}
	}
	if told[0].Key != told[2].Key || told[3].Key == told[0].Key {
		t.Errorf("the keys are %s, %s and %s of the recovery", told[0].Key, told[2].Key, told[3].Key)
	}
	if n := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.alerts"); n != 2 {
		t.Errorf("%d alerts, want 2", n)
	}
	invariant.Hold(t, conn, invariant.SteadyClock)
}

// forgetful is a Store that loses the word of the first call's end.
type forgetful struct {
	scheduler.Store
	once sync.Once
}

func (f *forgetful) SettleAlert(ctx context.Context, a job.Alert, again time.Duration) error {
	lost := false
	f.once.Do(func() { lost = true })
	if lost {
		return errors.New("the database is gone")
	}
	return f.Store.SettleAlert(ctx, a, again)
}

// When the database is lost between the call and its record, the call is made once more, with the same key.
func TestCallThatWasNotRecordedIsMadeAgain(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := raceStore(t, url)
	first := make(chan struct{})
	rec := receive(t, func(n int, _ *http.Request) int {
		if n == 1 {
			close(first)
		}
		return http.StatusOK
	})
	d := rec.watchedJob(t, "web")
	d.OnFailure.Pause = true
	if _, err := s.Add(t.Context(), d, job.Author{}); err != nil {
		t.Fatal(err)
	}
	runHTTP(t, &forgetful{Store: s})
	storetest.Await(t, conn, "the job to be paused", "SELECT state = 'paused' FROM pgdue.next_run_times")
	<-first
	storetest.Exec(t, conn, "UPDATE pgdue.alerts SET next_attempt_at = pgdue.now()") // as after the lease
	storetest.Await(t, conn, "the second call", "SELECT state = 'delivered' AND attempts = 2 FROM pgdue.alerts")
	told := rec.calls()
	if len(told) != 2 || told[0].Key != told[1].Key || told[1].Attempt != "2" || !told[0].Body.Paused {
		t.Errorf("told %+v", told)
	}
}

// A node that stops in the middle of a call leaves it to another, which makes it at once.
func TestCallOfAStoppingNodeIsMadeByAnother(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	s := raceStore(t, url)
	hangs := make(chan struct{})
	rec := receive(t, func(n int, r *http.Request) int {
		if n == 1 {
			close(hangs)
			<-r.Context().Done()
		}
		return http.StatusOK
	})
	if _, err := s.Add(t.Context(), rec.watchedJob(t, "web"), job.Author{}); err != nil {
		t.Fatal(err)
	}
	stop := runHTTP(t, s)
	<-hangs
	stop()
	if got := storetest.Query[string](t, conn,
		"SELECT format('%s %s %s', state, attempts, next_attempt_at <= pgdue.now()) "+
			"FROM pgdue.alerts"); got != "pending 1 t" {
		t.Errorf("the stopping node leaves the call %s", got)
	}
	runHTTP(t, raceStore(t, url))
	storetest.Await(t, conn, "the call by the other node",
		"SELECT state = 'delivered' AND attempts = 2 FROM pgdue.alerts")
}
