-- identity_write: which database the rows belong to. The caller holds pauses_lock.
UPDATE pgdue.settings SET system_identifier = @system, database_name = @database
