-- pauses_notify: wakes all nodes, once per queue. Delivered at commit.
SELECT pg_notify('pgdue', queue) FROM (SELECT DISTINCT unnest(queues) AS queue FROM pgdue.nodes WHERE alive) q
