-- identity_name: the name of this database.
SELECT current_database()::text AS name
