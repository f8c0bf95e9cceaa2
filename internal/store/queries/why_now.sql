-- why_now: the time by which everything happens.
SELECT pgdue.now() AS now
