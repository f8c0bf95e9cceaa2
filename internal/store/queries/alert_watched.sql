-- alert_watched: ids of jobs with on_failure, after @after, at most @limit.
SELECT id FROM pgdue.jobs WHERE on_failure IS NOT NULL AND id > @after ORDER BY id LIMIT @limit
