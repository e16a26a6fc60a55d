-- Purpose: forget a plan of which nothing was sent
-- Parameters: run_id
-- Caller: store/plan.py
UPDATE staging.sales_connect_task
SET link_id = NULL, disposition = NULL, rule = NULL
WHERE run_id = :run_id AND disposition IS NOT NULL
