-- why_row_sharers: who holds a job's row by a multixact. It must be one: for another number PostgreSQL raises an error
-- that reads like damage.
SELECT DISTINCT ON (l.virtualtransaction)
       NULL::text AS table, NULL::text AS mode, false AS waits, l.virtualtransaction AS transaction,
       @xmax::text AS xmax,
       pg_blocking_pids(coalesce(l.pid, 0)) AS behind,
       coalesce(l.pid, 0) AS pid, p.gid, coalesce(a.usename, p.owner)::text AS user, a.application_name AS program,
       host(a.client_addr) AS client, coalesce(a.xact_start, p.prepared) AS since, a.state, left(a.query, 200) AS query
FROM pg_get_multixact_members(@xmax::text::xid) m
JOIN pg_locks l ON l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock' AND l.transactionid = m.xid
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
LEFT JOIN pg_prepared_xacts p ON l.pid IS NULL AND p.transaction = l.transactionid
LIMIT 20
