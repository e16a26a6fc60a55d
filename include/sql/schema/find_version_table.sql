-- Purpose: whether the database has been migrated at all
-- Parameters: none
-- Caller: store/schema.py
SELECT to_regclass('bridge.schema_version') IS NOT NULL
