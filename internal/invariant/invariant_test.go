package invariant_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/invariant"
	"github.com/pgdue/pgdue/internal/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var allGiven = []invariant.Given{invariant.SteadyClock, invariant.Settled, invariant.Claimed, invariant.Stopped}

// What a node makes of jobs breaks nothing.
func TestHealthyDatabase(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, healthy(t))
	invariant.Hold(t, conn, allGiven...)
	got := storetest.Query[string](t, conn, `SELECT format('%s ended, %s of them spans, %s retry, %s wait', count(*), count(*) FILTER (WHERE fire_count > 1),
		(SELECT count(*) FROM pgdue.running_instances WHERE state = 'retrying'), (SELECT count(*) FROM pgdue.waiting_runs)) FROM pgdue.run_history`)
	if want := "8 ended, 3 of them spans, 1 retry, 1 wait"; got != want {
		t.Errorf("the healthy database has %s, want %s: it is to show what may break", got, want)
	}
}

// Each invariant finds what breaks it. A fault that must break several names them all.
func TestViolationsAreFound(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, healthy(t))
	proved := map[string]bool{}
	for _, f := range faults {
		for _, name := range strings.Fields(f.breaks) {
			proved[name] = true
		}
		t.Run(f.what, func(t *testing.T) {
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback(t.Context()) // the next fault is done to a healthy database, too
			if _, err := tx.Exec(t.Context(), f.done); err != nil {
				t.Fatalf("%s: %v", f.done, err)
			}
			if got := broken(t, tx); got != f.breaks {
				t.Errorf("%s breaks %q, want %q", f.what, got, f.breaks)
			}
		})
	}
	for _, i := range invariant.All {
		if !proved[i.Name] {
			t.Errorf("nothing shows that %s can fail", i.Name)
		}
	}
}

// broken names the invariants that do not hold, in the order of the alphabet, each once.
func broken(t *testing.T, tx pgx.Tx) string {
	t.Helper()
	violations, err := invariant.Judge(t.Context(), tx, allGiven...)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range violations {
		t.Log(v)
		if v.JobID == "" || v.What == "" {
			t.Errorf("a violation does not say where or what: %+v", v)
		}
		names = append(names, v.Invariant)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

// What is not given is not judged.
func TestOnlyWhatIsGivenIsJudged(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, healthy(t))
	storetest.Exec(t, conn, "UPDATE pgdue.run_history SET started_at = ended_at + interval '1 ms' WHERE "+
		"job_id = 'asked'")
	for _, c := range []struct {
		given []invariant.Given
		want  int
	}{{nil, 0}, {[]invariant.Given{invariant.Settled}, 0}, {[]invariant.Given{invariant.SteadyClock}, 1}} {
		violations, err := invariant.Check(t.Context(), conn, c.given...)
		if err != nil || len(violations) != c.want {
			t.Errorf("given %v: %v, %v; want %d violations", c.given, violations, err, c.want)
		}
	}
}

// failing is a test that fails.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Errorf(format string, args ...any) { f.said += fmt.Sprintf(format, args...) }

func TestHoldFailsTheTest(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, healthy(t))
	f := &failing{TB: t}
	storetest.Exec(t, conn, "DELETE FROM pgdue.run_history WHERE job_id = 'asked'")
	if invariant.Hold(f, conn); !strings.Contains(f.said, "asked_runs_are_kept: job asked, run ") ||
		!strings.Contains(f.said, " is nowhere") {
		t.Errorf("Hold says %q", f.said)
	}
	f.said = ""
	ctx, cancel := context.WithCancel(t.Context())
	conn.Close(ctx)
	cancel()
	if invariant.Hold(f, conn); !strings.Contains(f.said, "invariants: ") {
		t.Errorf("Hold on a connection that is closed says %q", f.said)
	}
}

// Every file is an invariant, and begins with its name and what must hold.
func TestEveryFileIsJudged(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("queries/*.sql")
	if err != nil || len(files) != len(invariant.All) {
		t.Errorf("%d files, %d invariants, %v", len(files), len(invariant.All), err)
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range invariant.All {
		if !strings.HasPrefix(i.SQL, "-- "+i.Name+": ") || len(i.What) < 20 || strings.Contains(i.What, "\n") {
			t.Errorf("%s does not begin with its name and a sentence", i.Name)
		}
		if !strings.Contains(string(doc), "\n//\t"+i.Name+" ") {
			t.Errorf("the package comment does not list %s", i.Name)
		}
	}
}
