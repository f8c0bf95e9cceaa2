//go:build !linux

package scheduler

import "time"

// machineSlept is how long the machine has slept. It is not known here; macOS and Windows count sleep in the clock that
// Go measures by, or let it stand still as they see fit.
func machineSlept() time.Duration { return 0 }
