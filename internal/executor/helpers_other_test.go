//go:build unix && !linux

package executor_test

import "testing"

func needSupervisor(t *testing.T) {
	t.Skip("NOT TESTED: programs have a supervisor on Linux only")
}
