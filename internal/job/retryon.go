package job

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pgdue/pgdue/internal/say"
)

// An entry of Definition.RetryOn is an outcome (failed, timed_out, lost), or codes of a kind of work: exit:75,
// exit:64-78, http:503, http:5xx. An attempt is tried again if one entry fits how it ended.

const maxRetryOn = 32

var codes = regexp.MustCompile(`^([a-z]+):(?:([0-9]{1,3})(?:-([0-9]{1,3}))?|([1-9])xx)$`)

// codeRange is what an entry for codes stands for.
type codeRange struct {
	kind      *Kind
	low, high int
}

// parseCodes reads an entry for the codes of a kind of work.
func parseCodes(entry string) (r codeRange, ok bool) {
	m := codes.FindStringSubmatch(entry)
	if m == nil {
		return r, false
	}
	if r.kind = kindOfCodes(m[1]); r.kind == nil {
		return r, false
	}
	c := r.kind.Codes
	if m[4] != "" {
		hundreds, _ := strconv.Atoi(m[4])
		r.low, r.high = hundreds*100, hundreds*100+99
		return r, c.Classes && r.low >= c.Low && r.high <= c.High
	}
	r.low, _ = strconv.Atoi(m[2]) // three digits at most
	r.high = r.low
	if m[3] != "" {
		r.high, _ = strconv.Atoi(m[3])
	}
	return r, c.Low <= r.low && r.low <= r.high && r.high <= c.High
}

func kindOfCodes(prefix string) *Kind {
	for _, k := range Kinds {
		if k.Codes.Prefix == prefix {
			return k
		}
	}
	return nil
}

// codeExamples are entries for the codes of all kinds of work.
func codeExamples() string {
	var examples []string
	for _, k := range Kinds {
		if k.Codes.Examples != "" {
			examples = append(examples, k.Codes.Examples)
		}
	}
	return strings.Join(examples, ", ")
}

func checkRetryOn(v *violations, entries []string) {
	if entries != nil && len(entries) == 0 {
		v.add("retry_on", "is empty; leave it out for failed, timed_out and lost, or set max_attempts to 1 to "+
			"try nothing again")
	}
	if len(entries) > maxRetryOn {
		v.add("retry_on", "has %d entries; %d at most; a range such as exit:64-78 is one", len(entries), maxRetryOn)
		return
	}
	for i, e := range entries {
		if _, ok := parseCodes(e); !ok && !retryable(Outcome(e)) {
			v.add(fmt.Sprintf("retry_on[%d]", i), "%s is none of failed, timed_out, lost, %s", say.Quoted(e),
				codeExamples())
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
		return o == Failed && status != nil && r.kind.Name == d.Executor() && r.low <= *status && *status <= r.high
	})
}
