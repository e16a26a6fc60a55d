-- Purpose: say where every staged row ended (G5)
-- Parameters: run_id; reads incoming_disposition
-- Caller: store/plan.py
UPDATE staging.sales_connect_task s
SET link_id = d.link_id, disposition = d.disposition, rule = d.rule
FROM incoming_disposition d
WHERE s.run_id = :run_id AND s.remote_id = d.remote_id AND d.side = 'sales_connect'
