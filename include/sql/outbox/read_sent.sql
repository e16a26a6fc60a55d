-- Purpose: writes of any run whose answer is unknown
-- Parameters: side
-- Caller: store/outbox.py
SELECT
    action_id, seq, link_id, side, op, remote_id, marker, state, rule, kind, sc_user_id, first_import,
    mask, title, status, priority, due_date, details, owner, person, seen_title, seen_status,
    seen_priority, seen_due_date, seen_details, seen_owner
FROM bridge.action
WHERE side = CAST(:side AS text) AND state = 'sent'
ORDER BY run_id, seq
