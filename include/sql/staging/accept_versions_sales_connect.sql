-- Purpose: sales_connect was set back, and a person says that its present state is right: older versions count (G8)
-- Parameters: run_id
-- Caller: store/staging.py
UPDATE bridge.link l
SET sc_version = s.version
FROM staging.sales_connect_task s
WHERE s.run_id = :run_id AND s.remote_id = l.sc_id AND s.version < l.sc_version AND l.state <> 'tombstone'
