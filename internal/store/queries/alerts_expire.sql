-- alerts_expire: removes alerts that are older than the history they speak of, but not the latest of a job, nor one whose
-- call is to be made.
DELETE FROM pgdue.alerts a
USING pgdue.settings s
WHERE a.at < pgdue.now() - s.history_retention - interval '1 day' AND a.state <> 'pending'
  AND EXISTS (SELECT FROM pgdue.alerts b WHERE b.job_id = a.job_id AND b.number > a.number)
