-- Purpose: where the outcomes of a chunk arrive
-- Parameters: none
-- Caller: store/outbox.py
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_outcome (
    action_id text, outcome text, remote_id text, written_at timestamptz,
    code text, category text, message text, remedy text
) ON COMMIT DELETE ROWS
