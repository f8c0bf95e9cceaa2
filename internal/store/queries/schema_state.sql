-- schema_state: the newest migration of the database, and the oldest binary that may work with it.
SELECT coalesce(max(migration), 0) AS migration, coalesce(max(oldest_binary), 0) AS oldest_binary
    FROM pgdue.schema_compatibility
