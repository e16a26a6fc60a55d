-- Purpose: drop the sales_connect staging of old runs
-- Parameters: run_ids
-- Caller: store/runs.py
DELETE FROM staging.sales_connect_task WHERE run_id = ANY(:run_ids)
