package devpg

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// The kernel's parent-death signal comes when the thread ends that started the server, whatever its process does.
func TestServerOutlivesTheThreadThatCalledStart(t *testing.T) {
	t.Parallel()
	var c *Cluster
	var err error
	thread := onPassingThread(func() { c, err = Start(t.Context(), Config{Fast: true}) })
	if err != nil {
		t.Fatal(err)
	}
	defer closeCluster(t, c)
	awaitNoFile(t, fmt.Sprintf("/proc/self/task/%d", thread))
	if got := query(t, c.URL(""), "SELECT 1"); got != "1" {
		t.Error("the server does not answer")
	}
	select {
	case <-c.Done():
		t.Error("the server ended with the thread")
	default:
	}
}

// onPassingThread runs f on an operating system thread that ends afterwards, and returns its number.
func onPassingThread(f func()) (thread int) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // for ever: the thread ends with this goroutine
		if thread = syscall.Gettid(); thread == os.Getpid() {
			thread = onPassingThread(f) // this is the main thread, which never ends
			return
		}
		f()
	}()
	<-ended
	return thread
}

func awaitNoFile(t *testing.T, path string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for tick := time.Tick(5 * time.Millisecond); ; {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return
		}
		select {
		case <-tick:
		case <-deadline:
			t.Fatalf("%s is still there", path)
		}
	}
}
