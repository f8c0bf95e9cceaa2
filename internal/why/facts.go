package why

import (
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// Facts are what the rows say of one job at one moment, and what PostgreSQL says of their locks. Explain tells a person
// what they mean.
type Facts struct {
	ID string // that was asked for
	// Skew is by how much the database's clock is ahead of this process's, give or take SkewWithin.
	Skew, SkewWithin time.Duration

	Holders []Holder // who has held the job's row, or a table, for longer than a claim does
	// Unread says that a table's lock let nobody read the job's rows: all below is empty.
	Unread bool

	// Known is false when there is no job of this id. Then Gone is what is left of one, and all below is empty.
	Known bool
	Gone  Gone

	// Look is the job with its instances and waiting runs, and the pauses that last. Its Err says why the job's row
	// cannot be read as a job; its Queue is "" where the job has no row in next_run_times.
	policy.Look

	Added     Added // zero where the job has been added once since it was removed, or for the first time
	Nodes     []NodeFact
	Retention time.Duration
	Recent    []job.RunView // the latest rows of its history, newest first

	// At is the moment that is asked about; zero: none. AtRuns are all rows of the runs that have a fire time there,
	// the rows of the narrowest first.
	At     time.Time
	AtRuns []job.RunView
	// AtTooLong says that the history since At was too long to be searched.
	AtTooLong bool
}

// Added is who adds a job again and again, each time when it has finished.
type Added struct {
	By    string
	At    time.Time     // the last time
	After time.Duration // the time before that
}

// NodeFact is a node as its row shows it.
type NodeFact struct {
	ID     uuid.UUID
	Name   string
	Alive  bool
	Queues []string
	Slots  int // of each queue
	Taken  int // by attempts of the job's queue
	BeatAt time.Time
	// DrainingSince is since when it claims nothing more and waits for its runs to end; nil: it claims.
	DrainingSince *time.Time
	// ZoneRules tells its time zone rules from others; 0: not known. TZData says for people which they are.
	ZoneRules int64
	TZData    string
}

// Holder is a session that holds what a claim of the job needs, or that everybody queues behind.
type Holder struct {
	Table   string // "": it holds the job's row
	Mode    string // of a table's lock, as in pg_locks
	Waits   bool   // it waits for that lock itself, and who comes later waits behind it
	Behind  []int  // the sessions that it waits for
	PID     int    // 0: a prepared transaction
	GID     string // of a prepared transaction
	User    string
	Program string // its application_name
	Client  string // its address; "" for a local socket
	Since   time.Time
	State   string
	Query   string // its beginning
	// Hidden: this process's database user may see no more than pid, user and program.
	Hidden bool
	// OneOf says that one of the holders of the row that are marked so holds it, and PostgreSQL does not tell which.
	OneOf bool
}

// Gone is what is left of a job that is not there.
type Gone struct {
	RemovedAt time.Time // zero: no event tells of it
	RemovedBy string
	Reason    string
	LastEnded time.Time // of its latest record; zero: none
	Running   int       // instances that outlive it
}

// Answer is what a person is told: why the job does what it does.
type Answer struct {
	Facts
	Verdict  string    // in one line
	Findings []Finding // what stands in the way first
	Story    string    // what became of At; "" when it was not asked
}

// Finding is one thing that a person should know.
type Finding struct {
	Code     string // of the Why* constants
	Blocks   bool   // it keeps the job from running
	Sentence string // with the evidence
	Remedy   string // to copy, or what to do in words; "" when nothing is to be done

	brief string // the sentence for a verdict; "": as far as its first semicolon
}

// Codes of findings, in the order in which they are told.
const (
	WhyTableLocked   = "table_locked"   // a lock on a table excludes claims
	WhyPausedAll     = "paused_all"     // everything is paused
	WhyPausedLabel   = "paused_label"   // a label of the job is paused
	WhyPaused        = "paused"         // the job is paused
	WhyBlocked       = "blocked"        // the job cannot be decided
	WhyRowLocked     = "row_locked"     // somebody holds the job's row
	WhyNoNode        = "no_node"        // no live node serves its queue
	WhySlotsTaken    = "slots_taken"    // those that do are full
	WhyNotClaimed    = "not_claimed"    // it is due, and nobody has claimed it
	WhyAhead         = "ahead"          // its next run lies further ahead than its trigger allows
	WhyAtLimit       = "at_limit"       // max_instances are running
	WhyFinished      = "finished"       // the job will not fire again
	WhyWaiting       = "waiting"        // runs wait
	WhyRetrying      = "retrying"       // a run is between two attempts
	WhySkippedBefore = "skipped_before" // recent fires met the limit
	WhyFailing       = "failing"        // the latest runs failed
	WhyReplaced      = "replaced"       // the latest runs replaced each other
	WhyNodeSilent    = "node_silent"    // a node does not renew its lease
	WhyZoneRules     = "zone_rules"     // nodes compute its local times by different rules
	WhyStuck         = "stuck"          // a run cannot be stopped
	WhyClock         = "clock"          // the database's clock is another one than this process's
)
