-- Purpose: for example 180004
-- Parameters: none
-- Caller: store/migrate.py
SELECT current_setting('server_version_num')
