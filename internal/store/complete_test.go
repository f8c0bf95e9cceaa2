package store_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

// Completing again what is recorded is not stale; completing what another node ended as lost is, and changes nothing.
func TestCompleteAfterTakeOverIsStale(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	me := registered(t, s, "me")
	add(t, s, storetest.Job(t, "mine", `{"type":"date"}`))
	add(t, s, storetest.Job(t, "lost", `{"type":"date"}`))
	claim, err := s.Claim(t.Context(), one(me), plan)
	if err != nil {
		t.Fatal(err)
	}
	ends := map[string][]job.Record{}
	for _, d := range claim.Decided {
		ends[d.Job.ID] = []job.Record{{Run: d.Decision.Begin[0].Run, Final: true, Outcome: job.Succeeded,
			Sentence: "succeeded",
			NodeID:   me.ID, Node: me.Name}}
	}
	complete := func(job string, want int) {
		t.Helper()
		if recorded, err := s.Complete(t.Context(), ends[job]); err != nil || len(recorded) != want {
			t.Errorf("complete %s: recorded %+v (%v), want %d", job, recorded, err, want)
		}
	}
	complete("mine", 1)
	complete("mine", 1)
	if marked, err := s.MarkDead(t.Context(), peer(me)); err != nil || !marked {
		t.Fatal("mark dead: ", marked, err)
	}
	if _, done, err := s.TakeOver(t.Context(), peer(me), 10); err != nil || !done {
		t.Fatal("take over: ", done, err)
	}
	complete("lost", 0)
	if got := storetest.Query[string](t, conn,
		"SELECT string_agg(job_id || ' ' || outcome, ', ' ORDER BY job_id) FROM "+
			"pgdue.run_history"); got != "lost lost, mine succeeded" {
		t.Errorf("history is %q", got)
	}
}

// The end of a run whose instance was deleted by hand is recorded all the same, once, and says so.
func TestCompleteAfterInstanceWasRemovedByHand(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s, conn := storetest.OpenURL(t, url), storetest.Conn(t, url)
	added := add(t, s, storetest.Job(t, "j", `{"type":"date"}`))
	gate := make(chan struct{})
	n := newNode(t, s, &work{gate: gate})
	tick(t, n)
	storetest.Exec(t, conn, "DELETE FROM pgdue.running_instances")
	close(gate)
	finish(t, n)
	run := storetest.Query[uuid.UUID](t, conn, "SELECT run_id FROM pgdue.run_history")
	views, err := s.Run(t.Context(), "j", run)
	if err != nil || len(views) != 1 {
		t.Fatalf("run: %+v, %v", views, err)
	}
	r := views[0]
	if !r.Final || r.Outcome != job.Succeeded || r.Output != "done" ||
		!strings.HasSuffix(r.Sentence, "had been removed by hand") {
		t.Errorf("record %+v", r)
	}
	if r.Cause != job.CauseSchedule || !r.ScheduledRunTime.Equal(added.NextRunTime) ||
		r.JobRevision != added.Revision || r.StartedAt.IsZero() {
		t.Errorf("record %+v, want that of the fire at %s, revision %d", r, added.NextRunTime, added.Revision)
	}
	r.Sentence = strings.TrimSuffix(r.Sentence, "; its row in pgdue.running_instances had been removed by hand")
	if recorded, err := s.Complete(t.Context(), []job.Record{r.Record}); err != nil || len(recorded) != 1 {
		t.Errorf("complete again: recorded %+v, %v", recorded, err)
	}
	if got := storetest.Query[int](t, conn, "SELECT count(*) FROM pgdue.run_history"); got != 1 {
		t.Errorf("%d records, want 1", got)
	}
}
