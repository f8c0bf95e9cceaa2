-- why_row_suspects: who may hold a job's row by a subtransaction that was released: PostgreSQL does not tell whose it
-- was. It is one of those that hold a lock on the table, and whose number is older. Another database may have a table
-- of the same number.
SELECT DISTINCT ON (l.virtualtransaction)
       NULL::text AS table, NULL::text AS mode, false AS waits, l.virtualtransaction AS transaction,
       @xmax::text AS xmax,
       pg_blocking_pids(coalesce(l.pid, 0)) AS behind,
       coalesce(l.pid, 0) AS pid, p.gid, coalesce(a.usename, p.owner)::text AS user, a.application_name AS program,
       host(a.client_addr) AS client, coalesce(a.xact_start, p.prepared) AS since, a.state, left(a.query, 200) AS query
FROM pg_locks r
JOIN pg_locks l ON l.virtualtransaction = r.virtualtransaction AND l.pid IS NOT DISTINCT FROM r.pid
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
LEFT JOIN pg_prepared_xacts p ON l.pid IS NULL AND p.transaction = l.transactionid
WHERE r.locktype = 'relation' AND r.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND r.relation = 'pgdue.next_run_times'::regclass AND r.granted AND r.mode <> 'AccessShareLock'
  AND l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock'
      AND age(l.transactionid) > age(@xmax::text::xid)
LIMIT 20
