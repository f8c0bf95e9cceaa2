package scheduler

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// An end that the database refuses holds up no other. It keeps its slot, is tried again, and is recorded when it is taken.
func TestRefusedEndHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, tries := time.Now(), 0
		f := &fake{
			claim: func(decide func(Look) Decision) (c Claim, err error) {
				for _, id := range []string{"a", "bad", "z"} {
					j := job(t, `{"type":"date"}`, time.Now())
					j.ID = id
					l := Look{Job: j, Queue: ExecutorExec, Now: time.Now()}
					c.Decided = append(c.Decided, Decided{l, decide(l)})
				}
				return c, nil
			},
			complete: func(ended []Record) error {
				bad := slices.ContainsFunc(ended, func(r Record) bool { return r.JobID == "bad" })
				if !bad || time.Since(start) > time.Hour {
					return nil
				}
				tries++
				return ErrRejected
			},
		}
		var log bytes.Buffer
		s := node(f, quickly)
		s.Slots, s.Log = 3, slog.New(slog.NewTextHandler(&log, nil))
		if err := s.Register(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Finish(t.Context())
		record := func(d time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			s.RecordEnds(ctx)
		}
		record(59 * time.Minute)
		if ends := f.recorded(); len(ends) != 2 {
			t.Errorf("recorded %+v, want the two others", ends)
		}
		if free := s.slots.take(9)[ExecutorExec]; free != 2 {
			t.Errorf("%d slots are free, want those of the two others", free)
		}
		lines := strings.Count(log.String(), "is refused by the database")
		if tries < 60 || tries > 300 || lines < 30 || lines > 100 {
			t.Errorf("tried %d times, logged %d times in an hour", tries, lines)
		}
		record(3 * time.Minute)
		if ends := f.recorded(); len(ends) != 3 || ends[2].JobID != "bad" || ends[2].Outcome != Succeeded {
			t.Errorf("recorded %+v, want the refused one at last", ends)
		}
		if free := s.slots.take(9)[ExecutorExec]; free != 1 {
			t.Errorf("%d slots came back with it, want 1", free)
		}
	})
}
