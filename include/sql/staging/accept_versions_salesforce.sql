-- Purpose: salesforce was set back, and a person says that its present state is right: older versions count (G8)
-- Parameters: run_id
-- Caller: store/staging.py
UPDATE bridge.link l
SET sf_version = s.version
FROM staging.salesforce_task s
WHERE s.run_id = :run_id AND s.remote_id = l.sf_id AND s.version < l.sf_version AND l.state <> 'tombstone'
