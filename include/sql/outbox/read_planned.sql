-- Purpose: actions still to be written, those first that have waited longest (G7)
-- Parameters: run_id, side, ops (comma-separated)
-- Caller: store/outbox.py
SELECT
    action_id, seq, link_id, side, op, remote_id, marker, state, rule, kind, asks, approval_id, sc_user_id, first_import,
    mask, title, status, priority, due_date, details, owner, person, seen_title, seen_status,
    seen_priority, seen_due_date, seen_details, seen_owner
FROM bridge.action
WHERE run_id = CAST(:run_id AS bigint)
  AND side = CAST(:side AS text)
  AND op = ANY (string_to_array(CAST(:ops AS text), ','))
  AND state = 'planned'
-- What waits equally long, in the order of core.forecast.FIRST_TO_GO.
ORDER BY waiting_since NULLS LAST, array_position(ARRAY['update', 'delete', 'create'], op), seq
