-- Purpose: rows of a job that have no outcome yet
-- Parameters: job_id
-- Caller: store/jobs.py
SELECT
    action_id, seq, link_id, side, op, remote_id, marker, state, rule, kind, asks, approval_id, sc_user_id, first_import,
    mask, title, status, priority, due_date, details, owner, person, seen_title, seen_status,
    seen_priority, seen_due_date, seen_details, seen_owner
FROM bridge.action
WHERE job_id = CAST(:job_id AS text) AND state = 'sent'
ORDER BY run_id, seq
