-- node_register: writes the row of a node that begins; without slots it has as many as a row has by default.
INSERT INTO pgdue.nodes (id, name, queues, slots, version, zone_rules, tzdata, started_at, beat_at)
VALUES (@id, @name, @queues, coalesce(nullif(@slots::int, 0), 100), @version,
        @zone_rules, @tzdata, pgdue.now(), pgdue.now())
