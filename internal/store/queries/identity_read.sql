-- identity_read: which database the rows were made for.
SELECT system_identifier, database_name FROM pgdue.settings
