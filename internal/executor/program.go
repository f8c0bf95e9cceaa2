package executor

import (
	"errors"
	"syscall"
	"time"
)

// program is one as it is to be started, and stopped.
type program struct {
	Path string   // of its file
	Args []string // with its name
	Env  []string
	Dir  string // working directory; "": the node's

	Name    string        // for people who list processes
	Grace   time.Duration // between SIGTERM and SIGKILL
	Timeout time.Duration // after which it is stopped also where the node is frozen; 0: never
	As      *Account      // nil: as the node's user
}

// Account is a user of this machine.
type Account struct {
	Name, Home string
	UID, GID   uint32
	Groups     []uint32
}

// credential is how a program becomes that user; nil: not at all.
func (a *Account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.UID, Gid: a.GID, Groups: a.Groups}
}

// ending is how a program ended.
type ending struct {
	Status  syscall.WaitStatus
	Stopped string // what stopping it took, "" where it ended by itself
	Left    string // what stopping those took that it left running, "" where there were none
}

const (
	// settle is how long processes that outlive the program may take to end by themselves, as a tee at the end of a
	// pipe does, before they are stopped.
	settle = 500 * time.Millisecond
	// drain is how long the output of a program that has ended is read; only a process that escaped keeps it open.
	drain = time.Second
)

const (
	bySIGTERM = "SIGTERM"
	bySIGKILL = "SIGTERM, then SIGKILL"
)

// errSupervisorDied: somebody, or the kernel for want of memory, has killed the supervisor. The program dies with it.
var errSupervisorDied = errors.New("the process that supervised the program was killed, and the program with it")
