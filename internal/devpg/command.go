package devpg

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// command prepares a PostgreSQL program to run as the account, with an environment that holds nothing of the caller's.
func command(ctx context.Context, a account, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + filepath.Dir(program) + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = childAttributes(a, syscall.SIGTERM)
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// run runs a short program to its end and returns all that it said. The error carries the end of that.
func run(ctx context.Context, a account, program string, args ...string) (string, error) {
	runtime.LockOSThread() // see childAttributes
	defer runtime.UnlockOSThread()
	out, err := command(ctx, a, program, args...).CombinedOutput()
	if ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w%s", program, err, quoteTail(string(out)))
	}
	return string(out), nil
}

// quoteTail formats the last lines of a program's output for the end of an error's text.
func quoteTail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if lines[0] == "" {
		return ""
	}
	return "; it said:\n\t" + strings.Join(lines[max(0, len(lines)-20):], "\n\t")
}
