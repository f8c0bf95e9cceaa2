-- pause_everything: no claim that reads after its commit begins anything. The caller holds pauses_lock and has found it
-- not paused.
UPDATE pgdue.settings SET paused_at = pgdue.now(), paused_by = @by, paused_reason = @reason
RETURNING paused_at
