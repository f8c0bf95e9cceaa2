package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// pausesAt are steps of a story: what is paused or resumed at which minute. A node looks at each of them.
type pausesAt struct {
	minute int
	do     func(t testing.TB, s *store.Store)
}

func pauses(scope job.Scope) func(testing.TB, *store.Store) {
	return func(t testing.TB, s *store.Store) { pauseMany(t, s, scope) }
}

func resumes(scope job.Scope) func(testing.TB, *store.Store) {
	return func(t testing.TB, s *store.Store) { resumeMany(t, s, scope, false) }
}

func pausesJob(t testing.TB, s *store.Store) {
	t.Helper()
	if _, err := s.Pause(t.Context(), "a", job.Author{}); err != nil {
		t.Fatal(err)
	}
}

func resumesJob(t testing.TB, s *store.Store) {
	t.Helper()
	if _, err := s.Resume(t.Context(), "a", false, job.Author{}); err != nil {
		t.Fatal(err)
	}
}

func skipsNext(t testing.TB, s *store.Store) {
	t.Helper()
	if _, err := s.SkipNext(t.Context(), "a", job.Author{}); err != nil {
		t.Fatal(err)
	}
}

// Pauses that overlap give each fire time one row, in whichever order they end.
func TestPausesThatOverlap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		steps []pausesAt
		want  []string
	}{
		{"two labels, the first ends first",
			[]pausesAt{{5, pauses(teamWeb)}, {15, pauses(tierA)}, {25, resumes(teamWeb)}, {35, resumes(tierA)},
				{40, nil}},
			[]string{"a paused 10..30 x3", "a succeeded 40..40 x1"}},
		{"two labels, one inside the other",
			[]pausesAt{{5, pauses(teamWeb)}, {15, pauses(tierA)}, {25, resumes(tierA)}, {35, resumes(teamWeb)},
				{40, nil}},
			[]string{"a paused 10..30 x3", "a succeeded 40..40 x1"}},
		{"one after the other",
			[]pausesAt{{5, pauses(teamWeb)}, {15, resumes(teamWeb)}, {20, nil}, {25, pauses(tierA)},
				{35, resumes(tierA)}, {40, nil}},
			[]string{"a paused 10..10 x1", "a succeeded 20..20 x1", "a paused 30..30 x1", "a succeeded 40..40 x1"}},
		{"everything inside a label",
			[]pausesAt{{5, pauses(teamWeb)}, {15, pauses(everything)}, {25, resumes(everything)},
				{35, resumes(teamWeb)}, {40, nil}},
			[]string{"a paused 10..30 x3", "a succeeded 40..40 x1"}},
		{"a label inside everything",
			[]pausesAt{{5, pauses(everything)}, {15, pauses(teamWeb)}, {25, resumes(teamWeb)},
				{35, resumes(everything)}, {40, nil}},
			[]string{"a paused 10..30 x3", "a succeeded 40..40 x1"}},
		{"the job inside a label: its own resume records what is due, the label's the rest",
			[]pausesAt{{5, pauses(teamWeb)}, {15, pausesJob}, {25, resumesJob}, {35, resumes(teamWeb)}, {40, nil}},
			[]string{"a paused 10..20 x2", "a paused 30..30 x1", "a succeeded 40..40 x1"}},
		{"a label inside the job's pause",
			[]pausesAt{{5, pausesJob}, {15, pauses(teamWeb)}, {25, resumes(teamWeb)}, {35, resumesJob}, {40, nil}},
			[]string{"a paused 10..30 x3", "a succeeded 40..40 x1"}},
		{"paused anew before anybody looked",
			[]pausesAt{{5, pauses(everything)}, {15, func(t testing.TB, s *store.Store) {
				resumes(everything)(t, s)
				pauses(everything)(t, s)
			}}, {25, resumes(everything)}, {30, nil}},
			[]string{"a paused 10..20 x2", "a succeeded 30..30 x1"}},
		{"the label goes from the job in the pause",
			[]pausesAt{{5, pauses(teamWeb)}, {25, func(t testing.TB, s *store.Store) {
				d := storetest.Job(t, "a", `{"type":"interval","every":"10m"}`)
				if _, err := s.Put(t.Context(), d, job.Author{}); err != nil {
					t.Fatal(err)
				}
			}}, {30, nil}}, []string{"a paused 10..20 x2", "a succeeded 30..30 x1"}},
		{"the job gets a label that was paused before",
			[]pausesAt{{5, pauses(tierA)}, {15, resumes(tierA)}, {20, nil}, {25, func(t testing.TB, s *store.Store) {
				add(t.(*testing.T), s, labelled(t, "late", "10m"))
			}}, {36, nil}}, []string{"a paused 10..10 x1", "a succeeded 20..20 x1", "a succeeded 30..30 x1",
				"late succeeded 36..36 x1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			conn := storetest.Conn(t, url)
			s, setClock := clocked(t, url)
			add(t, s, labelled(t, "a", "10m"))
			add(t, s, quietLabels(t))
			n := newNode(t, s, &work{})
			for _, step := range c.steps {
				setClock(time.Duration(step.minute)*time.Minute + 30*time.Second)
				if step.do != nil {
					step.do(t, s)
				}
				tick(t, n)
				finish(t, n)
			}
			if diff := cmp.Diff(c.want, history(t, conn)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// clocked is a Store whose database's clock can be set ahead.
func clocked(t *testing.T, url string) (s *store.Store, set func(ahead time.Duration)) {
	t.Helper()
	var ahead atomic.Int64
	config := storetest.Config(t, url)
	config.PrepareConn = func(ctx context.Context, conn *pgx.Conn) (bool, error) {
		_, err := conn.Exec(ctx, "SELECT set_config('pgdue.clock_offset', $1, false)",
			time.Duration(ahead.Load()).String())
		return err == nil, err
	}
	return storetest.OpenConfig(t, config), func(d time.Duration) { ahead.Store(int64(d)) }
}

// quietLabels is a job with the labels of the others that never fires in a test, so that the labels are known.
func quietLabels(t testing.TB) job.Definition { return labelled(t, "zz", "8760h") }

// Whatever is paused and resumed at whatever time, in the end each fire time has one final row.
func TestRandomPausesLoseNoFireTime(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			conn := storetest.Conn(t, url)
			s, setClock := clocked(t, url)
			add(t, s, labelled(t, "a", "10m"))
			add(t, s, quietLabels(t))
			n := newNode(t, s, &work{})
			draw := rand.New(rand.NewPCG(seed, 1))
			acts := []func(testing.TB, *store.Store){pauses(teamWeb), resumes(teamWeb), pauses(tierA), resumes(tierA),
				pauses(everything), resumes(everything), pausesJob, resumesJob, skipsNext,
				func(t testing.TB, s *store.Store) { resumeMany(t, s, teamWeb, true) },
				func(t testing.TB, s *store.Store) {
					d := labelled(t, "a", "10m")
					if draw.IntN(2) == 0 {
						delete(d.Labels, "team")
					}
					if _, err := s.Put(t.Context(), d, job.Author{}); err != nil {
						t.Fatal(err)
					}
				}}
			minute := 0
			step := func(look bool, do ...func(testing.TB, *store.Store)) {
				minute += draw.IntN(25)
				setClock(time.Duration(minute) * time.Minute)
				for _, act := range do {
					act(t, s)
				}
				if look {
					tick(t, n)
					finish(t, n)
				}
			}
			for range 40 {
				step(draw.IntN(2) == 0, acts[draw.IntN(len(acts))])
			}
			step(true, resumesJob, resumes(everything), resumes(teamWeb), resumes(tierA))
			step(true) // what was left to the next look
			step(true)
			checkEachFireTimeOnce(t, conn)
		})
	}
}

// checkEachFireTimeOnce judges that the rows of the job, which fires every 10 minutes, follow each other without gap or
// overlap.
func checkEachFireTimeOnce(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	wrong := storetest.Query[string](t, conn, `
		WITH spans AS (
		    SELECT first_run_time AS first, last_run_time AS last, fire_count,
		           coalesce(lag(last_run_time) OVER (ORDER BY first_run_time), j.anchor) AS before
		    FROM pgdue.run_history h JOIN pgdue.jobs j ON j.id = h.job_id WHERE h.job_id = 'a' AND h.final AND h.cause = 'schedule'
		)
		SELECT coalesce(string_agg(format('%s..%s x%s after %s', first, last, fire_count, before), E'\n'), '') FROM spans
		WHERE first <> before + interval '10 minutes' OR last <> first + (fire_count - 1) * interval '10 minutes'`)
	rows := history(t, conn)
	if wrong != "" || len(rows) < 3 || !strings.Contains(strings.Join(rows, "\n"), "paused") {
		t.Errorf("wrong:\n%s\nof:\n%s", wrong, strings.Join(rows, "\n"))
	}
	if !storetest.Query[bool](t, conn, `
		SELECT n.next_run_time = h.last + interval '10 minutes' FROM pgdue.next_run_times n,
		       (SELECT max(last_run_time) AS last FROM pgdue.run_history WHERE job_id = 'a' AND cause = 'schedule' AND final) h WHERE n.job_id = 'a'`) {
		t.Error("the last row is not followed by the next run time")
	}
}
