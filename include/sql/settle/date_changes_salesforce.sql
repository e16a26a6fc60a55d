-- Purpose: when a difference that is still open was first seen (K3)
-- Parameters: run_id
-- Caller: store/settling.py
UPDATE bridge.link l
SET sf_changed_at = l.sf_modified_at
FROM staging.salesforce_task s
WHERE s.run_id = :run_id
  AND s.remote_id = l.sf_id
  AND s.presence = 'live'
  AND s.problem_code IS NULL
  AND l.dirty
  AND l.sf_changed_at IS NULL
  AND (s.title, s.status, s.priority, s.due_date, s.details, s.owner)
      IS DISTINCT FROM (l.sf_title, l.sf_status, l.sf_priority, l.sf_due_date, l.sf_details, l.sf_owner)
