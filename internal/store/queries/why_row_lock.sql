-- why_row_lock: the xmax of a job's row, and the transaction of this number, if it goes on. Locks nothing. xmax is the
-- transaction that has locked, changed or deleted the row, also where it has ended since. A subtransaction has a number
-- of its own, and holds a lock on it until it is released. Of several lockers xmax is a multixact, numbered apart.
SELECT NULL::text AS table, NULL::text AS mode, false AS waits, l.virtualtransaction AS transaction,
       n.xmax::text AS xmax,
       pg_blocking_pids(coalesce(l.pid, 0)) AS behind,
       coalesce(l.pid, 0) AS pid, p.gid, coalesce(a.usename, p.owner)::text AS user, a.application_name AS program,
       host(a.client_addr) AS client, coalesce(a.xact_start, p.prepared) AS since, a.state, left(a.query, 200) AS query
FROM pgdue.next_run_times n
LEFT JOIN pg_locks l ON l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock'
    AND l.transactionid = n.xmax
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
LEFT JOIN pg_prepared_xacts p ON l.pid IS NULL AND p.transaction = l.transactionid
WHERE n.job_id = @job_id
