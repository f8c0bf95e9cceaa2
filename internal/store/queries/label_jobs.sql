-- label_jobs: the next @limit jobs of a label by id, after @after.
SELECT id FROM pgdue.jobs WHERE id > @after AND labels ->> @label_name = @label_value ORDER BY id LIMIT @limit
