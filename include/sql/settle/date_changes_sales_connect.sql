-- Purpose: when a difference that is still open was first seen (K3)
-- Parameters: run_id
-- Caller: store/settling.py
UPDATE bridge.link l
SET sc_changed_at = l.sc_modified_at
FROM staging.sales_connect_task s
WHERE s.run_id = :run_id
  AND s.remote_id = l.sc_id
  AND s.presence = 'live'
  AND s.problem_code IS NULL
  AND l.dirty
  AND l.sc_changed_at IS NULL
  AND (s.title, s.status, s.priority, s.due_date, s.details, s.owner)
      IS DISTINCT FROM (l.sc_title, l.sc_status, l.sc_priority, l.sc_due_date, l.sc_details, l.sc_owner)
