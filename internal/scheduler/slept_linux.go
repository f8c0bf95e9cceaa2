package scheduler

import (
	"time"

	"golang.org/x/sys/unix"
)

// machineSlept is how long the machine has slept since it was started. Go measures durations by CLOCK_MONOTONIC, which
// stands still meanwhile; CLOCK_BOOTTIME does not.
func machineSlept() time.Duration {
	var boot, awake unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil {
		return 0
	}
	return max(0, time.Duration(boot.Nano()-awake.Nano())).Truncate(time.Millisecond)
}
