-- Purpose: a record that is read again before its delete is kept as it is now
-- Parameters: action_ids
-- Caller: store/outbox.py
DELETE FROM bridge.kept WHERE action_id = ANY(:action_ids)
