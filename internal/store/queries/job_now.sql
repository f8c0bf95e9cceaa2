-- job_now: the time and revision of a change; must come after the lock, so that changes of a job are in order.
SELECT pgdue.now() AS now, nextval('pgdue.revisions') AS revision
