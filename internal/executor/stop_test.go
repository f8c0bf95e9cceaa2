package executor_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/executor"
	"github.com/pgdue/pgdue/internal/job"
)

// ready is the end of a script that writes its pid, also its group's number, to the file $1 and goes on.
const ready = `; echo $$ > "$1.new"; mv "$1.new" "$1"; `

// cancelled executes a script that uses ready, ends its context with that cause once it is ready, and returns its
// group.
func cancelled(t *testing.T, grace time.Duration, script string, cause error) (res job.Result, group int) {
	t.Helper()
	return cancelledWith(t, filepath.Join(t.TempDir(), "pid"), grace, script, cause)
}

// cancelledWith is cancelled with a file of the caller's.
func cancelledWith(
	t *testing.T, file string, grace time.Duration, script string, cause error,
) (res job.Result, group int) {
	t.Helper()
	a := execAttempt("sh", "-c", script, "sh", file)
	a.Definition.Timeout, a.Definition.KillGrace = time.Minute, grace
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	done := make(chan job.Result, 1)
	go func() { done <- execPool().Execute(ctx, a) }()
	group = pid(t, file)
	cancel(cause)
	return <-done, group
}

func pid(t *testing.T, file string) int {
	t.Helper()
	n, err := strconv.Atoi(fileOnceWritten(t, file))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestExecOutcomeFollowsTheCause(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		cause   error
		outcome job.Outcome
		want    string
	}{
		{"timeout", job.ErrTimeout, job.TimedOut, "its timeout of 1m0s was over: SIGTERM"},
		{"lease", job.ErrLeaseLost, job.Lost, "the node lost its lease while this run executed: SIGTERM"},
		{"shutdown", job.ErrShutdown, job.Lost, "the node was stopped while this run executed: SIGTERM"},
		{"cancel", nil, job.Cancelled, "cancelled: SIGTERM"},
		{"request", &job.CancelledError{CancelRequest: job.CancelRequest{By: "ada", Reason: "enough"}}, job.Cancelled,
			"cancelled by ada: enough: SIGTERM"},
		{"anything else", errors.New("by anna"), job.Cancelled, "cancelled (by anna): SIGTERM"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			res, _ := cancelled(t, 5*time.Second, "echo on"+ready+"exec sleep 300", tt.cause)
			want := job.Result{Outcome: tt.outcome, Error: tt.want, Output: "on\n"}
			if diff := cmp.Diff(want, res); diff != "" {
				t.Errorf("Result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExecTimesOut(t *testing.T) {
	t.Parallel()
	a := execAttempt("sleep", "300")
	a.Definition.Timeout = 50 * time.Millisecond
	want := job.Result{Outcome: job.TimedOut, Error: "its timeout of 50ms was over: SIGTERM"}
	if diff := cmp.Diff(want, execPool().Execute(t.Context(), a)); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
}

func TestExecEndsAnEndlessFlood(t *testing.T) {
	t.Parallel()
	a := execAttempt("yes")
	a.Definition.Timeout = 100 * time.Millisecond
	res := execPool().Execute(t.Context(), a)
	if res.Outcome != job.TimedOut || len(res.Output) > 64<<10 {
		t.Errorf("got %s with %d bytes of output, want timed_out with at most 64 KiB", res.Outcome, len(res.Output))
	}
}

func TestExecKillsTheWholeGroupThatIgnoresSIGTERM(t *testing.T) {
	t.Parallel()
	script := `trap "" TERM; sleep 300 & sh -c "sleep 300 & wait" &` + " :" + ready + `wait`
	res, group := cancelled(t, 50*time.Millisecond, script, job.ErrTimeout)
	want := job.Result{Outcome: job.TimedOut, Error: "its timeout of 1m0s was over: SIGTERM, then SIGKILL"}
	if diff := cmp.Diff(want, res); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
	if executor.GroupWorks(group) {
		t.Error("processes of the group are left after Execute has returned")
	}
}

func TestExecKillsWhatOutlivesALeaderThatObeysSIGTERM(t *testing.T) {
	t.Parallel()
	script := `(trap "" TERM; exec sleep 300) & :` + ready + `wait`
	res, group := cancelled(t, 50*time.Millisecond, script, job.ErrTimeout)
	if res.Outcome != job.TimedOut {
		t.Errorf("outcome %s, want timed_out", res.Outcome)
	}
	if executor.GroupWorks(group) {
		t.Error("processes of the group are left after Execute has returned")
	}
}

func TestExecStopsAHaltedProgram(t *testing.T) {
	t.Parallel()
	res, _ := cancelled(t, time.Hour, ":"+ready+"kill -STOP $$", job.ErrShutdown)
	if res.Outcome != job.Lost {
		t.Errorf("outcome %s, want lost", res.Outcome)
	}
}

func TestExecThatObeysSIGTERMWithExit0HasNotSucceeded(t *testing.T) {
	t.Parallel()
	res, _ := cancelled(t, 5*time.Second, `exec 2>/dev/null; trap "exit 0" TERM`+ready+`while :; do sleep 0.01; done`,
		job.ErrTimeout)
	want := job.Result{Outcome: job.TimedOut, Error: "its timeout of 1m0s was over: SIGTERM", Status: status(0)}
	if diff := cmp.Diff(want, res); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
}

func TestExecThatSucceededBeforeTheCancellationHasSucceeded(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan job.Result, 1)
	go func() {
		done <- execPool().Execute(ctx, execAttempt("sh", "-c", "sleep 300 & :"+ready+"exit 0", "sh", file))
	}()
	leader := pid(t, file)
	eventually(t, "the leader is reaped", func() bool { return syscall.Kill(leader, 0) == syscall.ESRCH })
	cancel(job.ErrShutdown) // while Execute still deals with the sleep
	if res := <-done; res.Outcome != job.Succeeded {
		t.Errorf("outcome %s (%s), want succeeded", res.Outcome, res.Error)
	}
}

func TestExecEndsWithItsLeader(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pid")
	// The sleep keeps the output pipe open.
	res := execPool().Execute(t.Context(),
		execAttempt("sh", "-c", "sleep 300 & :"+ready+"printf done; exit 3", "sh", file))
	want := job.Result{
		Outcome: job.Failed,
		Error:   "exit status 3",
		Status:  status(3),
		Output:  "done\n[pgdue ended processes that the program left running: SIGTERM]\n",
	}
	if diff := cmp.Diff(want, res); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
	if executor.GroupWorks(pid(t, file)) {
		t.Error("processes of the group are left after Execute has returned")
	}
}

func TestExecLetsChildrenFinishTheirLastWords(t *testing.T) {
	t.Parallel()
	res := execPool().Execute(t.Context(), execAttempt("sh", "-c", "(sleep 0.05; echo last) & echo first"))
	want := job.Result{Outcome: job.Succeeded, Output: "first\nlast\n", Status: status(0)}
	if diff := cmp.Diff(want, res); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
}

// A process that left the group and the session ends with its run all the same.
func TestExecEndsWhatLeftTheGroup(t *testing.T) {
	t.Parallel()
	needSupervisor(t)
	file := filepath.Join(t.TempDir(), "pid")
	a := execAttempt("sh", "-c", `"$0" "$1" & until test -e "$1"; do sleep 0.01; done; echo first`, os.Args[0], file)
	a.Definition.Work.(*job.Exec).Env[helperEnv] = "escape"
	res := execPool().Execute(t.Context(), a)
	escaped := pid(t, file)
	t.Cleanup(func() { syscall.Kill(escaped, syscall.SIGKILL) })
	want := job.Result{Outcome: job.Succeeded, Status: status(0),
		Output: "first\n[pgdue ended processes that the program left running: SIGTERM]\n"}
	if diff := cmp.Diff(want, res); diff != "" {
		t.Errorf("Result (-want +got):\n%s", diff)
	}
	if executor.GroupWorks(escaped) {
		t.Error("the process that left the group goes on")
	}
}
