-- Purpose: the staged rows of a run
-- Parameters: run_id
-- Caller: store/staging.py
SELECT
    remote_id, presence, version, modified_at, created_at, title, status, priority, due_date, details,
    owner, marker, person, subtype, is_closed, is_recurrence, is_archived, completed_at, problem_code,
    problem_message, CAST(payload AS text) AS payload
FROM staging.salesforce_task
WHERE run_id = CAST(:run_id AS bigint)
ORDER BY remote_id
