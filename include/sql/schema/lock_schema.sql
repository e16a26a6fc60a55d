-- One migration at a time
SELECT pg_advisory_xact_lock(hashtext('taskbridge schema'))
