// Command scheduler is pgdue: a node that claims and runs jobs (dev, serve), the keeper of its tables (migrate), and
// the command line of the HTTP API (add, list, get, remove, runs), which uses package client only.
//
// It exits with 0 when all went well, 1 when something failed, and 2 when it was called wrongly; run-now --wait exits
// with the status of the run. An error is told once, on stderr.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

const (
	exitError = 1
	exitUsage = 2
)

func main() {
	os.Exit(run(withSignals(context.Background()), newRoot(), os.Stdout, os.Stderr))
}

// run executes a command line, and says with which code to exit.
func run(ctx context.Context, root *cobra.Command, stdout, stderr io.Writer) int {
	root.SetOut(newScreen(stdout))
	root.SetErr(newScreen(stderr))
	return exitCode(root.ErrOrStderr(), root.ExecuteContext(ctx))
}

// exitCode reports err and says with which code to exit.
func exitCode(stderr io.Writer, err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "scheduler: %v\n", err)
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	if run, ok := errors.AsType[*runError](err); ok {
		return run.exitCode()
	}
	return exitError
}
