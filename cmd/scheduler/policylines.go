package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/say"
)

// policyLines tells line each policy of a stored job by its name, in the order of the documentation. A policy that
// cannot come into play, such as the wait before a second attempt of which there is none, is left out.
func policyLines(d *client.JobDefinition, line func(name, value string)) {
	line("Timeout", d.Timeout)
	line("Overlap", d.Overlap)
	line("Max waiting", numberOf(d.MaxWaiting))
	line("Coalesce", d.Coalesce)
	line("Grace time", d.MisfireGraceTime)
	line("Attempts", numberOf(d.MaxAttempts))
	if d.MaxAttempts != nil && *d.MaxAttempts > 1 {
		line("Retry on", retryOnOf(d))
		line("Retry after", retryAfterOf(d.Retry))
	}
	line("History", d.History)
	line("On failure", onFailureOf(d.OnFailure))
	line("No success", noSuccessOf(d.AlertIfNoSuccessFor))
}

func numberOf(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

func retryOnOf(d *client.JobDefinition) string {
	if len(d.RetryOn) == 0 {
		return "failed, timed_out, lost"
	}
	return strings.Join(d.RetryOn, ", ")
}

// retryAfterOf is how long a run waits between two attempts, where what is left out is job.Retry's default.
func retryAfterOf(r *client.Retry) string {
	if r == nil {
		r = &client.Retry{}
	}
	return fmt.Sprintf("%s, then %g times as long each time, at most %s; less by up to half, at random",
		cmp.Or(r.Min, "1s"), cmp.Or(r.Factor, 2), cmp.Or(r.Max, "5m"))
}

func onFailureOf(f *client.OnFailure) string {
	if f == nil {
		return ""
	}
	var does []string
	if f.Pause {
		does = append(does, "pause the job")
	}
	if f.HTTP != nil {
		does = append(does, "call "+f.HTTP.URL)
	}
	return fmt.Sprintf("after %s in a row: %s", say.Count(int64(f.After), "failed run", "failed runs"),
		strings.Join(does, ", "))
}

func noSuccessOf(duration string) string {
	if duration == "" {
		return ""
	}
	return "for " + duration + ": as on failure"
}
