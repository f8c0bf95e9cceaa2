package executor

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// tree is a program that was started under a supervisor of its own (supervise_linux.go), with all that it started.
type tree struct {
	supervisor *exec.Cmd
	control    *os.File // tells the supervisor what to do; when it closes, as with the node's end, all is killed
	outputs    *os.File // our end of the pipe that is the program's stdout and stderr
	trouble    func(string)

	ended  chan struct{} // closed when the supervisor has ended
	report report        // its last, from then on
	read   chan struct{} // closed when output has all that was printed
}

// report is a line that a supervisor writes.
type report struct {
	Ending  *ending       `json:"ending,omitempty"`  // the last: nothing of the program is left
	Errno   syscall.Errno `json:"errno,omitempty"`   // the last: it did not start
	Trouble string        `json:"trouble,omitempty"` // what a person must see to; the supervisor goes on
}

// startTree starts p, if it may begin: errNotBegun. stdin is /dev/null; stdout and stderr, in the order in which they
// are written, go to output, which nothing may read before wait has returned. Of processes that cannot be killed it
// tells trouble.
func startTree(p *program, mayBegin func() bool, trouble func(string), output io.Writer) (*tree, error) {
	t := &tree{trouble: trouble, ended: make(chan struct{}), read: make(chan struct{})}
	reports, err := t.startSupervisor(p.Name)
	if err != nil {
		return nil, fmt.Errorf("start a supervisor for the program: %w", err)
	}
	go t.readReports(reports)
	go func() {
		defer close(t.read)
		io.Copy(output, t.outputs) // ends with the last writer, or at the deadline that wait sets
	}()
	if err := t.tell(p); err == nil && !mayBegin() {
		t.control.Close()
		<-t.ended
		t.finishReading()
		return nil, errNotBegun
	}
	t.control.WriteString(begin) // where the supervisor has died, its report is missing
	return t, nil
}

// startSupervisor starts this very program as a supervisor, and returns what it reports.
func (t *tree) startSupervisor(name string) (reports *os.File, err error) {
	var theirs, ours []*os.File
	defer func() {
		closeAll(theirs)
		if err != nil {
			closeAll(ours)
		}
	}()
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		if len(ours) == 0 { // of the control pipe we write
			r, w = w, r
		}
		ours, theirs = append(ours, r), append(theirs, w)
	}
	t.control, reports, t.outputs = ours[0], ours[1], ours[2]
	t.supervisor = &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{supervisorName, name}, Env: []string{"GOMAXPROCS=2", "GOTRACEBACK=none"},
		Stdout: theirs[2], Stderr: theirs[2], ExtraFiles: theirs[:2],
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true}, // an interrupt at the node's terminal is for the node
	}
	return reports, t.supervisor.Start()
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// tell gives the supervisor its program.
func (t *tree) tell(p *program) error { return json.NewEncoder(t.control).Encode(p) }

// readReports reads what the supervisor reports until it has ended.
func (t *tree) readReports(reports *os.File) {
	defer close(t.ended)
	defer reports.Close()
	lines := bufio.NewReader(reports)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var r report
		if json.Unmarshal(line, &r) != nil {
			continue
		}
		if r.Trouble != "" {
			t.trouble(r.Trouble)
			continue
		}
		t.report = r
	}
	t.supervisor.Wait() // its error says nothing that the report does not
}

// wait returns when nothing of the tree is left, after ctx has ended at the latest.
func (t *tree) wait(ctx context.Context) (ending, error) {
	select {
	case <-ctx.Done():
		t.control.WriteString(stop)
	case <-t.ended:
	}
	<-t.ended
	t.control.Close()
	t.finishReading()
	switch {
	case t.report.Errno != 0:
		return ending{}, t.report.Errno
	case t.report.Ending == nil:
		return ending{}, errSupervisorDied
	}
	return *t.report.Ending, nil
}

// finishReading reads what is still in the pipe of a program that has ended.
func (t *tree) finishReading() {
	t.outputs.SetReadDeadline(time.Now().Add(drain)) // pipes have deadlines
	<-t.read
	t.outputs.Close()
}
