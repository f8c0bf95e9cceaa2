-- history_fold_jobs: the next jobs whose successes are to be folded, in the order of their ids.
SELECT id FROM pgdue.jobs WHERE history = 'errors' AND id > @after ORDER BY id LIMIT @limit
