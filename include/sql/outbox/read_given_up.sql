-- Purpose: creates that were taken for lost, under these markers; such a request may still have been carried out
-- Parameters: side, markers
-- Caller: store/outbox.py
SELECT
    action_id, seq, link_id, side, op, remote_id, marker, state, rule, kind, asks, approval_id, sc_user_id, first_import,
    mask, title, status, priority, due_date, details, owner, person, seen_title, seen_status,
    seen_priority, seen_due_date, seen_details, seen_owner
FROM bridge.action
WHERE side = CAST(:side AS text) AND op = 'create' AND state = 'retry' AND code = 'NOT_CREATED'
  AND marker = ANY (:markers)
ORDER BY run_id, seq
