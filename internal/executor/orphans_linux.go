package executor

import (
	"context"
	"os"
	"syscall"
	"time"
)

// orphansEvery is how often orphans are looked for. Whoever waits for a child of its own has done so long before.
const orphansEvery = 10 * time.Second

// ReapOrphans reaps, until ctx ends, what this process inherits where it is process 1, as in a container: there every
// process whose parent has ended becomes its child, and stays a zombie until it is waited for.
func ReapOrphans(ctx context.Context) { reapOrphans(ctx, orphansEvery) }

func reapOrphans(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	seen := map[int]bool{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			seen = reapThose(seen)
		}
	}
}

// reapThose reaps children that have ended and were seen so once before, and returns those that it sees so now.
func reapThose(seen map[int]bool) map[int]bool {
	ended := map[int]bool{}
	for _, p := range processes() {
		if p.parent != os.Getpid() || p.state != 'Z' {
			continue
		}
		if ended[p.pid] = true; seen[p.pid] {
			_, _ = syscall.Wait4(p.pid, nil, syscall.WNOHANG, nil) // somebody else may have been faster
		}
	}
	return ended
}
