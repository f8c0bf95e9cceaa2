package job

import (
	"strings"
	"time"
)

// Work is what a job does. Each kind of work is a type in a file of its own, which describes it by a Kind.
type Work interface {
	// Kind describes the kind of work.
	Kind() *Kind
	// Queue says which nodes may claim the job: those that serve this queue. It is the kind's name, or begins with it
	// and a colon.
	Queue() string
	// check adds what is wrong with the work, which stands in the field of that name.
	check(v *violations, field string)
}

// Kind is what everybody must know of a kind of work who handles jobs and does not do the work.
type Kind struct {
	// Name is its field in a written definition, its name in jobs.executor, and its queue or what stands before the
	// colon there.
	Name string
	// New is an empty one, into which the JSON form of the work is read, as in jobs.payload.
	New func() Work
	// Timeout is the longest duration of an attempt where the definition sets none; 0: no limit.
	Timeout time.Duration
	// Codes are the results of the work that retry_on may name.
	Codes Codes
	// Example is the field of a written definition in JSON.
	Example string
	// Serve is the command that starts a node that does such work.
	Serve string
}

// Codes are results by which a kind of work tells how it failed: numbers from Low to High, written like exit:75.
type Codes struct {
	Prefix    string // what stands before the colon; "": the work has no such results
	Low, High int
	Classes   bool   // 5xx stands for 500 to 599
	Examples  string // some entries, as a list
}

// Kinds are all kinds of work there are.
var Kinds = []*Kind{KindExec, KindHTTP}

// KindOf is the kind of that name, nil when there is none.
func KindOf(name string) *Kind {
	for _, k := range Kinds {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// KindNames lists the names of all kinds for a person.
func KindNames() string {
	names := make([]string, len(Kinds))
	for i, k := range Kinds {
		names[i] = k.Name
	}
	return strings.Join(names, ", ")
}

// ExecutorOf is the kind of work whose jobs are in a queue: the queue's name, or what comes before the colon.
func ExecutorOf(queue string) string {
	executor, _, _ := strings.Cut(queue, ":")
	return executor
}
