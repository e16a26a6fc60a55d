-- Purpose: the last migration
-- Parameters: none
-- Caller: store/schema.py
SELECT version_num FROM bridge.schema_version
