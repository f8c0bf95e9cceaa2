-- resume_everything: ends the pause of everything and keeps it for the looks that record what was missed; the rows
-- belong to this database from now on. The caller holds pauses_lock and has found it paused.
WITH ended AS (
    INSERT INTO pgdue.pauses (paused_at, paused_by, reason, resumed_at, resumed_by, run_missed)
    SELECT paused_at, coalesce(paused_by, 'somebody'), coalesce(paused_reason, ''), greatest(paused_at, pgdue.now()),
        @by, @run_missed
    FROM pgdue.settings
    RETURNING resumed_at
), resumed AS (
    UPDATE pgdue.settings
    SET paused_at = NULL, paused_by = NULL, paused_reason = NULL, system_identifier = @system, database_name = @database
)
SELECT resumed_at FROM ended
