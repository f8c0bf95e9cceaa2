package main

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/server/servertest"
	"github.com/pgdue/pgdue/internal/storetest"
)

// recordAlert records what a test script says was found of a job, and what became of the call.
func recordAlert(t testing.TB, conn *pgx.Conn, id, kind, state string) {
	storetest.Exec(t, conn, `INSERT INTO pgdue.alerts (id, job_id, created_revision, kind, at, sentence, failures, since, run_ended_at, http, state,
			attempts, next_attempt_at, last_error, ended_at)
		SELECT $1, id, created_revision, $3, $4, 'this was found', CASE $3 WHEN 'failure' THEN 3 ELSE 0 END, $5, $5,
			CASE WHEN $6 <> 'no_call' THEN '{"url": "https://example.org/secret"}'::jsonb END, $6,
			2, CASE $6 WHEN 'pending' THEN $4::timestamptz END, 'HTTP 500', CASE WHEN $6 IN ('delivered', 'given_up') THEN $7::timestamptz END
		FROM pgdue.jobs WHERE id = $2`,
		uuid.New(), id, kind, servertest.Now.Add(time.Minute), servertest.Now, state, servertest.Now.Add(2*time.Minute))
}
