package scheduler

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// Store is what the loops of a node need of the database. Its implementation is package store. Every method is one
// transaction or one statement; errors are ErrLeaseLost, ErrCommitUnknown, ErrRejected where said, else the database's
// trouble, after which the same call may be made again.
type Store interface {
	// Identify says whether the database's rows were made for another one. Where it is not known for which, it is this
	// one from then on; where it is another one, everything is paused by the time this returns.
	Identify(ctx context.Context, by string) (job.Identified, error)
	// Lasting returns the pauses of labels and of everything that last.
	Lasting(ctx context.Context) ([]job.Pause, error)
	// Register writes the node's row. It is alive from then on.
	Register(ctx context.Context, n job.Node) error
	// Draining writes into the node's row that it claims nothing more.
	Draining(ctx context.Context, id uuid.UUID) error
	// Leave removes the node's row, unless instances of it are left.
	Leave(ctx context.Context, id uuid.UUID) error
	// Beat renews the node's row and returns the other nodes'. ErrLeaseLost: another node marked this one dead.
	Beat(ctx context.Context, id uuid.UUID) ([]job.Peer, error)

	// Claim locks due jobs, reads what their decisions need, calls decide for each, writes the decisions and commits.
	// With ErrRejected nothing was written, because of rows that cannot be read or written; with ErrCommitUnknown it
	// may have been: see Resolve. In both cases the Claim lists the jobs, undecided where they could not be read. With
	// ErrLeaseLost nothing was written.
	Claim(ctx context.Context, r policy.ClaimRequest, decide func(policy.Look) policy.Decision) (policy.Claim, error)
	// Resolve says whether a claim whose commit is unknown was committed. It waits for the locks of its jobs, so that
	// the transaction in doubt has ended when it reads.
	Resolve(ctx context.Context, c policy.Claim) (committed bool, err error)
	// Block makes a job blocked, with the reason.
	Block(ctx context.Context, jobID, reason string) error
	// NextDue returns how long it is, by the database's clock, until the earliest due time of the queues; none is false
	// when nothing is due at any time. Negative: overdue.
	NextDue(ctx context.Context, queues []string) (in time.Duration, some bool, err error)

	// Complete ends attempts: it deletes their running instances and writes their records. It returns those that are
	// recorded, as they are written: one that was to be followed by another attempt is final where its job is gone. The
	// others are stale: somebody else has ended them, and nothing is written of them. An end of which neither an
	// instance nor a record is left, as when a person deleted the row, is recorded with a sentence that says so.
	// ErrRejected: nothing was written.
	Complete(ctx context.Context, ended []job.Record) (recorded []job.Record, err error)

	// Trouble writes into the row of an attempt what a person must see to while it goes on.
	Trouble(ctx context.Context, r job.Run, trouble string) error

	// MakeWaitingDue makes those of the jobs due that have waiting runs, and says how many. It comes after the commit
	// that ended instances of theirs. Other nodes are notified of those whose queue is none of mine, in which the
	// caller claims next by itself.
	MakeWaitingDue(ctx context.Context, jobIDs, mine []string) (made int, err error)

	// MarkDead marks a peer dead if its beat is still the one given. false: it moved, or another node was faster.
	MarkDead(ctx context.Context, p job.Peer) (bool, error)
	// TakeOver ends up to limit attempts of a dead node as lost; done says that none is left and its row is gone.
	TakeOver(ctx context.Context, p job.Peer, limit int) (ended []job.Record, done bool, err error)

	// Maintain does the housekeeping that any node may do at any time; one after the other, as several at it leave it
	// to one. What it could not do does not keep it from the rest, which the Housekeeping tells beside the error.
	Maintain(ctx context.Context) (job.Housekeeping, error)
	// JobsAhead says how many jobs stand ahead because the database's clock was set back.
	JobsAhead(ctx context.Context) (job.Ahead, error)
	// Rezone computes the next runs anew that were computed by other time zone rules than this process's, and calls
	// moved for each that moved, after its commit.
	Rezone(ctx context.Context, by job.Author, moved func(policy.Change)) error
	// TellZoneRules writes by which time zone rules a node computes from now on.
	TellZoneRules(ctx context.Context, node uuid.UUID, rules int64, tzdata string) error
	// OtherZoneRules lists the live nodes that compute by others.
	OtherZoneRules(ctx context.Context, rules int64) ([]job.ZoneRules, error)
	// Listen calls the function of a topic whenever somebody notifies it, and all of them once at first, until ctx ends
	// or the connection breaks. The topics are queues, of which a job may have become due earlier than was known, and a
	// node's CancelTopic.
	Listen(ctx context.Context, topics map[string]func()) error

	// Cancels lists which of a node's attempts somebody asked to cancel.
	Cancels(ctx context.Context, node uuid.UUID) ([]job.Asked, error)
	// TellCancels notifies nodes that there are such.
	TellCancels(ctx context.Context, nodes []uuid.UUID) error

	// WatchedJobs lists up to limit ids of jobs with OnFailure, after the id given.
	WatchedJobs(ctx context.Context, after string, limit int) ([]string, error)
	// JudgeJobs calls judge for those of the jobs that have OnFailure. For each whose verdict is not empty it locks the
	// job, calls judge again with what is read under the lock, and writes that verdict, in a transaction of its own: a
	// job that cannot be locked or written holds up no other, and its error comes beside what was written.
	JudgeJobs(ctx context.Context, jobIDs []string, judge func(policy.Watch) policy.Verdict) ([]policy.Judged, error)
	// ClaimAlerts takes up to limit alerts whose call is due, counts an attempt of each, and keeps others
	// from them so long.
	ClaimAlerts(ctx context.Context, limit int, held time.Duration) ([]job.Alert, error)
	// SettleAlert records how the attempt of a call ended that a.Attempts numbers, by a.State and a.LastError; with
	// AlertPending the next one is due after again. Where another node has begun the next, only a delivery is recorded.
	SettleAlert(ctx context.Context, a job.Alert, again time.Duration) error
}
