-- claim_recent: what a skip at the limit explains itself with: of the last twenty ended attempts of each job the
-- longest and the shortest time for which they counted, and by how much the latest of them began after its fire time;
-- and the median of the gaps between its last fire times. Null where there are none, and for a single gap, which is no
-- period. A row that successes were folded into (it has no started_at) tells neither. Of a job that is skipped all the
-- time the newest 10,000 rows are searched. A run that stands for missed fires began late because they were missed.
SELECT j.job_id, d.runs, d.longest, d.shortest, d.lateness, g.gap
FROM unnest(@job_ids::text[]) AS j(job_id)
CROSS JOIN LATERAL (
    SELECT count(*)::integer AS runs, max(ended_at - started_at) AS longest, min(ended_at - started_at) AS shortest,
           max(started_at - scheduled_run_time) FILTER (WHERE cause = 'schedule' AND attempt = 1 AND fire_count = 1)
               AS lateness
    FROM (SELECT started_at, ended_at, scheduled_run_time, cause, attempt, fire_count
          FROM (SELECT h.outcome, h.started_at, h.ended_at, h.scheduled_run_time, h.cause, h.attempt, h.fire_count
                FROM pgdue.run_history h
                WHERE h.job_id = j.job_id AND h.ended_at > pgdue.now() - interval '2 days'
                ORDER BY h.ended_at DESC
                LIMIT 10000) latest
          WHERE outcome IN ('succeeded', 'failed', 'timed_out')
            AND isfinite(started_at) AND isfinite(ended_at) AND isfinite(scheduled_run_time)
          ORDER BY ended_at DESC
          LIMIT 20) ended
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
