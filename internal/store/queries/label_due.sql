-- label_due: makes those of locked jobs due that a pause held: that have missed a fire time, wait, or are between two
-- attempts. Others keep the due times that they have.
-- Concurrency: must come in a later statement than label_lock, so that it sees what was parked. A job is due since the
-- fire time that it missed and not since now: by that a look tells it from one that is to begin later, by its jitter.
UPDATE pgdue.next_run_times n SET due_at = least(n.next_run_time, pgdue.now())
WHERE n.job_id = ANY (@job_ids::text[]) AND n.state IN ('active', 'finished') AND n.due_at > pgdue.now()
  AND (n.next_run_time <= pgdue.now()
       OR EXISTS (SELECT FROM pgdue.waiting_runs w WHERE w.job_id = n.job_id)
       OR EXISTS (SELECT FROM pgdue.running_instances r WHERE r.job_id = n.job_id AND r.state = 'retrying'))
