-- Purpose: the record moved since the plan; the next run decides anew
-- Parameters: action_ids
-- Caller: store/outbox.py
UPDATE bridge.action SET state = 'stale', answered_at = clock_timestamp()
WHERE action_id = ANY(:action_ids) AND state IN ('planned', 'held', 'sent')
