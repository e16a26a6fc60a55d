-- Purpose: one migration at a time
-- Parameters: none
-- Caller: store/migrate.py
SELECT pg_advisory_xact_lock(hashtext('taskbridge schema'))
