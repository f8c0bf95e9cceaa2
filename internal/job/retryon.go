package job

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/pgdue/pgdue/internal/say"
)

// An entry of Definition.RetryOn is an outcome (failed, timed_out, lost), an exit code (exit:75, exit:64-78) or an HTTP
// status (http:503, http:5xx, http:500-504). An attempt is tried again if one entry fits how it ended.

const maxRetryOn = 32

var codes = regexp.MustCompile(`^(exit|http):(?:([0-9]{1,3})(?:-([0-9]{1,3}))?|([1-5])xx)$`)

// codeRange is what an entry for codes stands for.
type codeRange struct {
	executor  string
	low, high int
}

// parseCodes reads an entry for exit codes or HTTP statuses.
func parseCodes(entry string) (r codeRange, ok bool) {
	m := codes.FindStringSubmatch(entry)
	if m == nil {
		return r, false
	}
	r.executor = m[1]
	if m[1] == "exit" {
		r.executor = ExecutorExec
	}
	if m[4] != "" {
		hundreds, _ := strconv.Atoi(m[4])
		r.low, r.high = hundreds*100, hundreds*100+99
		return r, r.executor == ExecutorHTTP
	}
	r.low, _ = strconv.Atoi(m[2]) // three digits at most
	r.high = r.low
	if m[3] != "" {
		r.high, _ = strconv.Atoi(m[3])
	}
	return r, r.low <= r.high && (r.executor == ExecutorHTTP && r.low >= 100 && r.high <= 599 || r.executor == ExecutorExec && r.low >= 1 && r.high <= 255)
}

func validateRetryOn(v *violations, entries []string) {
	if entries != nil && len(entries) == 0 {
		v.add("retry_on", "is empty; leave it out for failed, timed_out and lost, or set max_attempts to 1 to try nothing again")
	}
	if len(entries) > maxRetryOn {
		v.add("retry_on", "has %d entries; %d at most; a range such as exit:64-78 is one", len(entries), maxRetryOn)
		return
	}
	for i, e := range entries {
		if _, ok := parseCodes(e); !ok && !retryable(Outcome(e)) {
			v.add(fmt.Sprintf("retry_on[%d]", i), "%s is none of failed, timed_out, lost, exit:75, exit:64-78, http:503, http:5xx", say.Quoted(e))
		}
	}
}

// retryable says whether an outcome can be followed by another attempt.
func retryable(o Outcome) bool { return o == Failed || o == TimedOut || o == Lost }

// RetriesOn says whether an attempt that ended so is one to try again.
func (d *Definition) RetriesOn(o Outcome, status *int) bool {
	if !retryable(o) {
		return false
	}
	return d.RetryOn == nil || slices.ContainsFunc(d.RetryOn, func(entry string) bool {
		r, isCodes := parseCodes(entry)
		if !isCodes {
			return Outcome(entry) == o
		}
		return o == Failed && status != nil && r.executor == d.Executor() && r.low <= *status && *status <= r.high
	})
}
