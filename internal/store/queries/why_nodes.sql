-- why_nodes: the nodes, the latest beat first, and how many attempts of a job's queue each of them executes.
SELECT n.id, n.name, n.alive, n.queues, n.slots, n.zone_rules, n.tzdata, n.beat_at, n.draining_since,
       (SELECT count(*) FROM pgdue.running_instances r
        JOIN pgdue.next_run_times o ON o.job_id = r.job_id
        WHERE r.node_id = n.id AND r.state = 'executing' AND o.queue = t.queue)::int AS taken
FROM pgdue.nodes n
LEFT JOIN pgdue.next_run_times t ON t.job_id = @job_id
ORDER BY n.beat_at DESC, n.id
LIMIT 1000
