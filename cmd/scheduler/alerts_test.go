package main

import (
	"time"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/scheduler"
	"github.com/pgdue/pgdue/internal/server/servertest"
)

// recordAlert records what a test script says was found of a job.
func recordAlert(store *servertest.Store, id, kind, state string) {
	a := scheduler.Alert{
		ID: uuid.New(), JobID: id, Kind: scheduler.AlertKind(kind), At: servertest.Now.Add(time.Minute), Since: servertest.Now,
		Sentence: "this was found", HTTP: &scheduler.HTTP{URL: "https://example.org/secret"}, State: state, Attempts: 2, LastError: "HTTP 500",
	}
	if a.Kind == scheduler.AlertFailure {
		a.Failures = 3
	}
	if state == scheduler.AlertDelivered || state == scheduler.AlertGivenUp {
		a.EndedAt = servertest.Now.Add(2 * time.Minute)
	}
	store.AddAlert(a)
}
