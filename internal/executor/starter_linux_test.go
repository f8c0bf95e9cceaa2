package executor_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/pgdue/pgdue/internal/executor"
)

func TestExecDiesWithAKilledNode(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pid")
	node := exec.Command(os.Args[0], file)
	node.Env = append(os.Environ(), helperEnv+"=node")
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	group := pid(t, file)
	t.Cleanup(func() {
		if t.Failed() {
			syscall.Kill(-group, syscall.SIGKILL)
		}
	})
	if !executor.GroupWorks(group) {
		t.Fatal("the program does not run before the node is killed")
	}
	node.Process.Kill()
	node.Wait()
	eventually(t, "the program ends with its node", func() bool { return !executor.GroupWorks(group) })
}
