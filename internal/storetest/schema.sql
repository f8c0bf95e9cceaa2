-- schema: a fingerprint of everything in a database but its settings, the rows of its tables and the state of its
-- sequences. What TRUNCATE writes is left out. A row of the catalog that was written again has another xmin.
SELECT string_agg(concat_ws(' ', of, objects, versions), ';' ORDER BY of) FROM (
    SELECT 'class' AS of, count(*) AS objects, sum(hashtextextended(concat_ws(' ', oid, relname, relnamespace, relkind,
        relowner, relam, reltablespace, relpersistence, relnatts, relchecks, relhasrules, relhastriggers,
        relrowsecurity, relforcerowsecurity, relreplident, relispartition, relacl, reloptions,
        relkind IN ('r', 'p') AND reltuples >= 0), 0)) AS versions FROM pg_class WHERE oid >= 16384
    UNION ALL SELECT 'attribute', count(*), sum(xmin::text::bigint) FROM pg_attribute WHERE attrelid >= 16384
    UNION ALL SELECT 'attrdef', count(*), sum(xmin::text::bigint) FROM pg_attrdef
    UNION ALL SELECT 'constraint', count(*), sum(xmin::text::bigint) FROM pg_constraint WHERE oid >= 16384
    UNION ALL SELECT 'index', count(*), sum(xmin::text::bigint) FROM pg_index WHERE indexrelid >= 16384
    UNION ALL SELECT 'trigger', count(*), sum(xmin::text::bigint) FROM pg_trigger
    UNION ALL SELECT 'proc', count(*), sum(xmin::text::bigint) FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT 'type', count(*), sum(xmin::text::bigint) FROM pg_type WHERE oid >= 16384
    UNION ALL SELECT 'namespace', count(*), sum(xmin::text::bigint) FROM pg_namespace
        WHERE nspname NOT LIKE 'pg\_temp\_%' AND nspname NOT LIKE 'pg\_toast\_temp\_%'
    UNION ALL SELECT 'rewrite', count(*), sum(xmin::text::bigint) FROM pg_rewrite WHERE oid >= 16384
    UNION ALL SELECT 'policy', count(*), sum(xmin::text::bigint) FROM pg_policy
    UNION ALL SELECT 'sequence', count(*), sum(xmin::text::bigint) FROM pg_sequence
    UNION ALL SELECT 'inherits', count(*), sum(xmin::text::bigint) FROM pg_inherits
    UNION ALL SELECT 'description', count(*), sum(xmin::text::bigint) FROM pg_description WHERE objoid >= 16384
    UNION ALL SELECT 'statistic_ext', count(*), 0 FROM pg_statistic_ext
    UNION ALL SELECT 'extension', count(*), sum(xmin::text::bigint) FROM pg_extension
    UNION ALL SELECT 'event_trigger', count(*), 0 FROM pg_event_trigger
    UNION ALL SELECT 'default_acl', count(*), 0 FROM pg_default_acl
    UNION ALL SELECT 'publication', count(*), 0 FROM pg_publication
    UNION ALL SELECT 'largeobject', count(*), 0 FROM pg_largeobject_metadata
    UNION ALL SELECT 'database', count(*), sum(hashtextextended(
        concat_ws(' ', datallowconn, datistemplate, datconnlimit, datdba, datacl), 0))
        FROM pg_database WHERE datname = current_database()
) AS objects
