-- claim_recent: what a skip at the limit explains itself with: the longest duration among the last five ended attempts
-- of each job, and the median of the gaps between its last fire times, null where there are none, and for a single one,
-- which is no period. A row that successes were folded into (it has no started_at) tells neither.
SELECT j.job_id, d.longest, g.gap
FROM unnest(@job_ids::text[]) AS j(job_id)
CROSS JOIN LATERAL (
    SELECT max(ended_at - started_at) AS longest
    FROM (SELECT h.started_at, h.ended_at
          FROM pgdue.run_history h
          WHERE h.job_id = j.job_id AND h.outcome IN ('succeeded', 'failed', 'timed_out')
            AND isfinite(h.started_at) AND isfinite(h.ended_at)
            AND h.ended_at > pgdue.now() - interval '2 days'
          ORDER BY h.ended_at DESC
          LIMIT 5) ended
) d
CROSS JOIN LATERAL (
    SELECT CASE WHEN count(*) > 1 THEN percentile_disc(0.5) WITHIN GROUP (ORDER BY gap) END AS gap
    FROM (SELECT scheduled_run_time - lag(scheduled_run_time) OVER (ORDER BY scheduled_run_time) AS gap
          FROM (SELECT h.scheduled_run_time
                FROM pgdue.run_history h
                WHERE h.job_id = j.job_id AND h.cause = 'schedule'
                    AND isfinite(h.scheduled_run_time) AND (h.outcome <> 'succeeded' OR h.started_at IS NOT NULL)
                    AND h.ended_at > pgdue.now() - interval '2 days'
                ORDER BY h.ended_at DESC
                LIMIT 8) fires) gaps
    WHERE gap > interval '0'
) g
