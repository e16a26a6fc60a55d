-- Proves: what was staged of a live record that can be understood has its stamp, status and priority.
-- Remedy: read the record's payload in staging; if it lacks the field, the system or what stands before it leaves it out.
SELECT 'sales_connect ' || remote_id
FROM staging.sales_connect_task
WHERE run_id = :run_id AND presence = 'live' AND problem_code IS NULL AND num_nulls(version, status, priority) > 0
UNION ALL
SELECT 'salesforce ' || remote_id
FROM staging.salesforce_task
WHERE run_id = :run_id AND presence = 'live' AND problem_code IS NULL AND num_nulls(version, status, priority) > 0
