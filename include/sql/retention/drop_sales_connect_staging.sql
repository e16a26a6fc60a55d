-- Purpose: drop the sales_connect staging of old runs
-- Parameters: run_ids
-- Caller: store/retention.py
DELETE FROM staging.sales_connect_task WHERE run_id = ANY(:run_ids)
