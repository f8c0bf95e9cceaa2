-- clock_ahead: how many jobs show by their rows alone that the clock was set back, and one of them: their last decided
-- fire time, or the moment from which their trigger counts, lies in the future, and nobody has moved their next run.
-- Two seconds are left to clocks that are corrected all the time. Reads both tables once; locks nothing.
WITH ahead AS (
    SELECT n.job_id
    FROM pgdue.next_run_times n JOIN pgdue.jobs j ON j.id = n.job_id
    WHERE n.state IN ('active', 'paused') AND NOT n.moved AND n.next_run_time > pgdue.now()
      AND greatest(n.last_run_time, j.anchor) > pgdue.now() + interval '2 seconds'
)
SELECT count(*)::int AS jobs, coalesce(min(job_id), '') AS one FROM ahead
