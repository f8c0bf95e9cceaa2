-- claim_recent: the longest duration among the last five ended attempts of each job: what a skip at the limit explains with.
SELECT j.job_id, max(h.ended_at - h.started_at) AS longest
FROM unnest(@job_ids::text[]) AS j(job_id)
CROSS JOIN LATERAL (
    SELECT h.started_at, h.ended_at
    FROM pgdue.run_history h
    WHERE h.job_id = j.job_id AND h.outcome IN ('succeeded', 'failed', 'timed_out')
      AND h.ended_at > pgdue.now() - interval '2 days'
    ORDER BY h.ended_at DESC
    LIMIT 5
) h
GROUP BY j.job_id
