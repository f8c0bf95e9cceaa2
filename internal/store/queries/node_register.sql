-- node_register: writes the row of a node that begins.
INSERT INTO pgdue.nodes (id, name, queues, version, started_at, beat_at)
VALUES (@id, @name, @queues, @version, pgdue.now(), pgdue.now())
