-- why_table_locks: who holds, or waits for, a lock on a table of the schema that excludes claims or completions. Reads
-- no table of the schema, so that it waits for none of them. Partitions that are locked with their table are left out.
-- The virtual transaction of a prepared transaction is -1 and its id.
SELECT c.relname::text AS table, l.mode, NOT l.granted AS waits, l.virtualtransaction AS transaction,
       NULL::text AS xmax,
       CASE WHEN l.granted THEN '{}' ELSE pg_blocking_pids(l.pid) END AS behind,
       coalesce(l.pid, 0) AS pid, p.gid, coalesce(a.usename, p.owner)::text AS user, a.application_name AS program,
       host(a.client_addr) AS client, coalesce(a.xact_start, p.prepared) AS since, a.state, left(a.query, 200) AS query
FROM pg_locks l
JOIN pg_class c ON c.oid = l.relation AND c.relnamespace = 'pgdue'::regnamespace AND c.relkind IN ('r', 'p')
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
LEFT JOIN pg_prepared_xacts p ON l.pid IS NULL AND l.virtualtransaction = '-1/' || p.transaction
WHERE l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  AND l.pid IS DISTINCT FROM pg_backend_pid()
  AND NOT EXISTS (SELECT FROM pg_locks r WHERE r.relation <> l.relation AND r.relation = pg_partition_root(l.relation)
      AND r.database = l.database
                  AND r.virtualtransaction = l.virtualtransaction AND r.mode = l.mode AND r.granted = l.granted)
ORDER BY l.granted DESC, since, l.pid
LIMIT 20
