package executor

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"
)

func TestProgramOutlivesTheThreadThatAskedForIt(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("cat")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	thread := make(chan int)
	go onDyingThread(func() {
		if err := start(cmd, func() bool { return true }); err != nil {
			t.Error(err)
		}
		thread <- syscall.Gettid()
	})
	task := fmt.Sprintf("/proc/self/task/%d", <-thread)
	for deadline := time.Now().Add(10 * time.Second); ; <-time.After(time.Millisecond) {
		if _, err := os.Stat(task); os.IsNotExist(err) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the thread did not end")
		}
	}
	stdin.Close() // cat ends by itself, unless it was killed
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program ended with: %v", err)
	}
}

// onDyingThread calls f on a thread that ends with the calling goroutine: the runtime ends the thread of a goroutine
// that ends while it is locked to it, all but the main thread.
func onDyingThread(f func()) {
	runtime.LockOSThread()
	if syscall.Gettid() != syscall.Getpid() {
		f()
		return
	}
	defer runtime.UnlockOSThread()
	done := make(chan struct{})
	go func() { // on another thread, since this one is taken
		defer close(done)
		onDyingThread(f)
	}()
	<-done
}
