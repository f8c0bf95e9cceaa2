-- why_row_goes_on: whether the xmax of a row is the number of a transaction that goes on, as is that of a
-- subtransaction which was released, and not a multixact. It has the lower half of the number, of the 2^32 around the
-- present one. A multixact may look like one to come: an error of class 22.
SELECT coalesce(pg_xact_status(nullif(greatest(x.id, 0), 0)::text::xid8) = 'in progress', false) AS goes_on
FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next, @xmax::text::bigint AS low) s
CROSS JOIN LATERAL (SELECT (s.next >> 32 << 32) + s.low AS id) same
CROSS JOIN LATERAL (SELECT CASE WHEN same.id > s.next + 2147483648 THEN same.id - 4294967296
                                WHEN same.id < s.next - 2147483648 THEN same.id + 4294967296
                                ELSE same.id END AS id) x
