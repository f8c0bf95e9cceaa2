package executor_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pgdue/pgdue/internal/executor"
	"github.com/pgdue/pgdue/internal/job"
)

func init() {
	helpers["node"] = node
	helpers["unprivileged"] = unprivileged
	helpers["rooted"] = rooted
	helpers["first"] = first
	helpers["grouped"] = grouped
}

// first inherits orphans as process 1 does, and ends when it has reaped them.
func first() {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		panic(err)
	}
	go executor.ReapOrphansEvery(context.Background(), 20*time.Millisecond)
	// Each sleep is orphaned at once. What is waited for is not an orphan's end: it must not be reaped from under us.
	for range 20 {
		if err := exec.Command("sh", "-c", "sleep 0.01 & sleep 0.01 &").Run(); err != nil {
			panic(err)
		}
	}
	for len(executor.ChildrenOf(os.Getpid())) > 0 {
		time.Sleep(time.Millisecond)
	}
}

// grouped executes a program where a control group can be made for it, and prints what that says about itself.
func grouped() {
	if err := unix.Mount("none", os.Args[1], "cgroup2", 0, ""); err != nil {
		fmt.Println("cannot mount:", err)
		return
	}
	script := `cat /proc/self/cgroup; trap "" TERM; setsid sleep 300 & exit 0`
	a := execAttempt("sh", "-c", script)
	a.Definition.KillGrace = time.Millisecond
	fmt.Print(execPool().Execute(context.Background(), a).Output)
	left, _ := filepath.Glob(filepath.Join(os.Args[1], "pgdue-*"))
	fmt.Println("left:", left)
}

// node executes the family with the file and the timeout in its arguments.
func node() {
	a := execAttempt("sh", "-c", family, "sh", os.Args[1])
	a.Definition.Timeout, _ = time.ParseDuration(os.Args[2])
	a.Definition.KillGrace = 100 * time.Millisecond
	execPool().Execute(context.Background(), a)
}

// unprivileged becomes nobody and executes a program that becomes root, for as long as that takes.
func unprivileged() {
	const nobody = 65534
	for _, err := range []error{syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)} {
		if err != nil {
			panic(err)
		}
	}
	a := execAttempt(os.Args[2], os.Args[1])
	a.Definition.Work.(*job.Exec).Env[helperEnv] = "rooted"
	a.Definition.KillGrace = 10 * time.Millisecond
	a.Trouble = func(trouble string) { fmt.Println("trouble:", trouble) }
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for {
			if _, err := os.Stat(os.Args[1]); err == nil {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	fmt.Println("result:", execPool().Execute(ctx, a).Error)
}

// rooted becomes root in all respects, writes its pid to the file in its argument, and stays.
func rooted() {
	if err := syscall.Setreuid(0, 0); err != nil {
		panic(err)
	}
	os.WriteFile(os.Args[1]+".new", fmt.Appendln(nil, os.Getpid()), 0o644)
	os.Rename(os.Args[1]+".new", os.Args[1])
	time.Sleep(5 * time.Minute)
}
