-- Purpose: drop the salesforce staging of old runs
-- Parameters: run_ids
-- Caller: store/retention.py
DELETE FROM staging.salesforce_task WHERE run_id = ANY(:run_ids)
