-- Purpose: when a difference that is still open was first seen (K3)
-- Parameters: run_id
-- Caller: store/settling.py
WITH differs AS (
    SELECT l.link_id,
           s.remote_id IS NOT NULL AND l.sc_changed_at IS NULL
           AND (s.title, s.status, s.priority, s.due_date, s.details, s.owner)
               IS DISTINCT FROM (l.sc_title, l.sc_status, l.sc_priority, l.sc_due_date, l.sc_details, l.sc_owner) AS sc,
           t.remote_id IS NOT NULL AND l.sf_changed_at IS NULL
           AND (t.title, t.status, t.priority, t.due_date, t.details, t.owner)
               IS DISTINCT FROM (l.sf_title, l.sf_status, l.sf_priority, l.sf_due_date, l.sf_details, l.sf_owner) AS sf
    FROM bridge.link l
    LEFT JOIN staging.sales_connect_task s
        ON s.run_id = :run_id AND s.remote_id = l.sc_id AND s.presence = 'live' AND s.problem_code IS NULL
    LEFT JOIN staging.salesforce_task t
        ON t.run_id = :run_id AND t.remote_id = l.sf_id AND t.presence = 'live' AND t.problem_code IS NULL
    WHERE l.dirty AND (l.sc_changed_at IS NULL OR l.sf_changed_at IS NULL)
)
UPDATE bridge.link l
SET sc_changed_at = CASE WHEN d.sc THEN l.sc_modified_at ELSE l.sc_changed_at END,
    sf_changed_at = CASE WHEN d.sf THEN l.sf_modified_at ELSE l.sf_changed_at END
FROM differs d
WHERE l.link_id = d.link_id AND (d.sc OR d.sf)
