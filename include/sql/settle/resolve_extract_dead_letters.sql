-- Purpose: a record that could not be understood is over when it was read without a problem
-- Parameters: run_id
-- Caller: store/settling.py
UPDATE bridge.dead_letter d
SET resolved_at = now()
FROM (
    SELECT 'sales_connect' AS side, remote_id
    FROM staging.sales_connect_task
    WHERE run_id = :run_id AND problem_code IS NULL AND presence <> 'absent'
    UNION ALL
    SELECT 'salesforce', remote_id
    FROM staging.salesforce_task
    WHERE run_id = :run_id AND problem_code IS NULL AND presence <> 'absent'
) understood
WHERE d.stage = 'extract'
  AND d.resolved_at IS NULL
  AND d.side = understood.side
  AND d.remote_id = understood.remote_id
