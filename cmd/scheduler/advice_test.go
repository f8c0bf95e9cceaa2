package main

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/storetest"
)

// advised is a job whose runs take a multiple of the gap between its fires, and a little longer, and which of the
// advices a person follows.
type advised struct {
	every, sleep string
	advice       string   // where it stands in the remedy of why
	follow       []string // the command that follows it
	fires        int      // that come then, none of which may be skipped
}

// What a skip advises holds when it is followed. A busy machine may keep a look or a start waiting, so each advice has
// five tries; but the next advice is always a larger one.
func TestAdviceHoldsWhenFollowed(t *testing.T) {
	t.Parallel()
	scheduler, url := binary(t), storetest.URL(t)
	node := start(t, scheduler, "serve", "--enable-exec", "--database-url", url, "--listen", "127.0.0.1:0")
	api := node.find(`msg="API serves" url=(http://\S+)`)
	for name, a := range map[string]advised{
		"more":   {"500ms", "1.5", `--max-instances (\d+)`, []string{"modify", "--max-instances"}, 30},
		"slower": {"1s", "1", `no more often than every (\S+)`, []string{"reschedule", "--every"}, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := storetest.Conn(t, url)
			for try := range 5 {
				if a.holds(t, conn, scheduler, api, fmt.Sprintf("%s-%d", name, try)) {
					return
				}
			}
			t.Error("the advice does not hold")
		})
	}
}

// holds adds the job, follows the advice as soon as a run has ended, and says whether no fire is skipped any more.
func (a *advised) holds(t *testing.T, conn *pgx.Conn, scheduler, api, id string) bool {
	t.Helper()
	output(t, scheduler, "add", id, "--server", api, "--every", a.every, "--", "sleep", a.sleep)
	defer output(t, scheduler, "remove", id, "--server", api)
	storetest.Await(t, conn, "a skip that knows how long a run takes", `SELECT EXISTS (SELECT FROM pgdue.run_history
		WHERE job_id = $1 AND reason = 'max_instances' AND sentence ~ 'max_instances \d+ would be enough')`, id)
	why := output(t, scheduler, "why", id, "--server", api)
	advice := regexp.MustCompile(a.advice).FindStringSubmatch(why)
	if advice == nil { // a run that hangs for a while makes the duration unknown again
		t.Logf("no advice like %s:\n%s", a.advice, why)
		return false
	}
	output(t, scheduler, a.follow[0], id, "--server", api, a.follow[1], advice[1])
	revision := storetest.Query[int64](t, conn, "SELECT revision FROM pgdue.jobs WHERE id = $1", id)
	const after = "FROM pgdue.run_history WHERE job_id = $1 AND job_revision = $2"
	storetest.Await(t, conn, "fires after the advice was followed", "SELECT coalesce(sum(fire_count), 0) >= $3 "+after,
		id, revision, a.fires)
	skips := storetest.Query[int](t, conn, "SELECT count(*) "+after+" AND reason = 'max_instances'", id, revision)
	smaller := storetest.Query[int](t, conn, `SELECT count(*) `+after+` AND reason = 'max_instances'
			AND substring(sentence FROM 'reached \((\d+)\)')::int >=
				substring(sentence FROM 'max_instances (\d+)')::int`,
		id, revision)
	t.Logf("%s: %v, %s: %d of %d fires were skipped", id, a.follow, advice[1], skips, a.fires)
	if smaller > 0 {
		t.Errorf("%d skips advise no more than the limit that they met", smaller)
	}
	return skips == 0
}
