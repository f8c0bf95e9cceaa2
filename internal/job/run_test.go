package job

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

// A run's id is the same for ever, and another for another job, creation, time or cause.
func TestRunIDIsStable(t *testing.T) {
	id := RunID("123", 7, t0, CauseSchedule)
	if want := "2ef5a155-7f7d-59d6-8d4f-2ece4f18654b"; id.String() != want {
		t.Errorf("id is %s, was %s: the keys that work has seen have changed", id, want)
	}
	if id.Version() != 5 {
		t.Errorf("version %d, want 5", id.Version())
	}
	if other := RunID("123", 7, t0.In(time.FixedZone("x", 3600)), CauseSchedule); other != id {
		t.Error("the zone in which a time is written changes the id")
	}
	for name, other := range map[string]uuid.UUID{
		"job": RunID("1237", 7, t0, CauseSchedule), "creation": RunID("123", 77, t0, CauseSchedule),
		"time": RunID("123", 7, t0.Add(time.Microsecond), CauseSchedule), "cause": RunID("123", 7, t0, "manual"),
		"border": RunID("123:7", 7, t0, CauseSchedule),
	} {
		if other == id {
			t.Errorf("another %s has the same id", name)
		}
	}
}
