-- pauses_lock: the one lock of all that is paused and resumed by label or as a whole, and of the identity. Claims only
-- read.
SELECT system_identifier, database_name FROM pgdue.settings FOR UPDATE
