-- identity_system: which cluster this is: the same in its standbys and physical copies, another one after initdb.
SELECT system_identifier FROM pg_control_system()
