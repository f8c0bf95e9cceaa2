package job

import (
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
)

// Node is one scheduler process.
type Node struct {
	ID      uuid.UUID // random, new with every registration
	Name    string    // for people: web-1:4711/7f3a
	Queues  []string
	Slots   int // attempts at the same time per queue
	Version string
	// ZoneRules is the trigger.Rules that the node computes with, TZData says for people where they are from.
	ZoneRules int64
	TZData    string
}

// ProcessName is host:pid of this process: how its nodes begin to be called, and its sessions of the database.
func ProcessName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s:%d", host, os.Getpid())
}

// Peer is another node as its row shows it.
type Peer struct {
	ID    uuid.UUID
	Name  string
	Alive bool  // false: marked dead, its attempts are being ended
	Beat  int64 // grows with every renewal
	// Orphan: its row is gone though instances of it are left, as after a DELETE by hand. The node itself finds out at
	// its next beat and then stops its work, so nobody may free the instances before DeadAfter.
	Orphan bool
}

// The times of liveness. They belong together: a node stops trusting itself, and has killed the work of jobs whose
// OnContactLost is ContactLostStop, before any other can have judged it dead.
//
//	0 s             3 s            10 s                    14 s at most    15 s
//	last renewal    next renewal   not trusted: begins     SIGKILL         others judge it dead
//	begins          due            nothing; SIGTERM
const (
	BeatEvery = 3 * time.Second
	LeaseTime = 10 * time.Second
	DeadAfter = 15 * time.Second

	// DefaultKillGrace is how long a program that is stopped has between SIGTERM and SIGKILL.
	DefaultKillGrace = 3 * time.Second
	// maxStrictKillGrace is the longest KillGrace with ContactLostStop: a second remains before others may judge.
	maxStrictKillGrace = DeadAfter - LeaseTime - time.Second
)

// DefaultPoll is the longest time between two looks for due jobs.
const DefaultPoll = 5 * time.Second

// Gauges are what the database shows at one moment, of all nodes together.
type Gauges struct {
	Running   int64         // running instances that execute
	Retrying  int64         // running instances between two attempts
	Waiting   int64         // waiting runs
	OldestDue time.Duration // how long ago the oldest due job became due; 0 when none is, or everything is paused

	PausedEverything int64 // 1 while everything is paused
	PausedLabels     int64 // labels that are paused
	PausedJobs       int64 // jobs that are paused by themselves

	Nodes     int64 // nodes that are alive
	DaysAhead int64 // as in Housekeeping
}

// Housekeeping is what Store.Maintain found and did.
type Housekeeping struct {
	Known     bool // DaysAhead could be read
	DaysAhead int  // whole days after today of which run_history has a partition; -1: not even today
	Made      int  // partitions
	Dropped   int  // partitions, past their retention
	Forgotten int  // events, pauses and alerts that were deleted
	Folded    int  // rows of successes that became one with others
	More      bool // some is left to do: soon again
}
