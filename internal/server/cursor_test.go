package server

import (
	"testing"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// Rows that are gone since the page before are not made up for by skipping later ones.
func TestPageBehindRowsThatAreGone(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	ended := func(seconds ...int) (list []job.RunView) {
		for _, s := range seconds {
			list = append(list, job.RunView{Record: job.Record{EndedAt: at.Add(time.Duration(s) * time.Second)}})
		}
		return list
	}
	c := cursor{at: at, skip: 2}
	for left, views := range map[int][]job.RunView{3: ended(0, 0, 0, -1, -2), 2: ended(-1, -2), 1: ended(0, -1),
		0: ended(0, 0)} {
		if got := c.behind(views); len(got) != left {
			t.Errorf("behind %s of %d views %d are left, want %d", c, len(views), len(got), left)
		}
	}
	if got := (cursor{skip: 1}).behind(make([]job.RunView, 3)); len(got) != 2 {
		t.Errorf("%d running instances are left, want 2", len(got))
	}
}
