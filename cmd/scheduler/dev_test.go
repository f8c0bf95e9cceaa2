package main

import (
	"strings"
	"testing"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/storetest"
)

// writes are the texts that were written, one by one.
type writes []string

func (w *writes) Write(p []byte) (int, error) {
	*w = append(*w, string(p))
	return len(p), nil
}

func TestBannerIsWrittenAtOnce(t *testing.T) {
	var got writes
	if err := writeBanner(&got,
		bannerData{API: "http://127.0.0.1:8080", DatabaseURL: "postgres://x", Demo: true}); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || !strings.Contains(got[0], "psql 'postgres://x'") {
		t.Errorf("the banner is written in %d parts: %q", len(got), got)
	}
}

// The demo starts where a demo was, whatever was added there since, and nowhere else beside jobs that are not its own.
func TestDemoStaysInItsDatabase(t *testing.T) {
	d := dev{demo: true, node: node{store: storetest.Open(t)}}
	jobs, err := d.jobs(newDev())
	if err != nil {
		t.Fatal(err)
	}
	add := func(id string) {
		t.Helper()
		hourly := storetest.Job(t, id, `{"type":"interval","every":"1h"}`)
		if _, err := d.store.Add(t.Context(), hourly, job.Author{}); err != nil {
			t.Fatal(err)
		}
	}
	starts := func(want bool, when string) {
		t.Helper()
		if err := d.refuseOtherJobs(t.Context(), jobs); (err == nil) != want {
			t.Errorf("%s: %v", when, err)
		}
	}
	starts(true, "an empty database")
	add("mine")
	starts(false, "a database with a job of somebody's")
	add(demoChild)
	starts(false, "a database with two, of which one is called like the one that the demo's job adds")
	add(jobs[0].ID)
	starts(true, "the demo's own database, with jobs that were added")
	if _, err := d.store.Remove(t.Context(), jobs[0].ID, job.Author{}); err != nil {
		t.Fatal(err)
	}
	starts(true, "the demo's own database, where its job was removed")
}
