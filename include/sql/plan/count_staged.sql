-- Purpose: how many rows a run has staged
-- Parameters: run_id
-- Caller: store/plan.py
SELECT (SELECT count(*) FROM staging.sales_connect_task WHERE run_id = :run_id)
     + (SELECT count(*) FROM staging.salesforce_task WHERE run_id = :run_id)
