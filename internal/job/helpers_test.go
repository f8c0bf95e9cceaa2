package job

import (
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/trigger"
)

func definition(t testing.TB, triggerJSON string) Definition {
	t.Helper()
	when, err := trigger.Parse([]byte(triggerJSON))
	if err != nil {
		t.Fatal(err)
	}
	d := Defaults()
	d.ID, d.Trigger, d.Work = "j", when, &Exec{Command: []string{"true"}}
	return d
}

// t0 is when the jobs of these tests are created.
var t0 = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

const every5s = `{"type":"interval","every":"5s"}`
