-- why_added: the latest two times at which a job was added or removed, the latest first, among its latest 100 events.
SELECT at, actor, action
FROM (SELECT id, at, actor, action FROM pgdue.job_events WHERE job_id = @job_id ORDER BY id DESC LIMIT 100) latest
WHERE action IN ('added', 'removed')
ORDER BY id DESC
LIMIT 2
