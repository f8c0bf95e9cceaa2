-- zone_same: writes that the next runs of locked jobs are right by the time zone rules @zone_rules too.
UPDATE pgdue.next_run_times SET zone_rules = @zone_rules WHERE job_id = ANY (@job_ids::text[])
