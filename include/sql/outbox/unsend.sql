-- Purpose: nothing of these can have been written
-- Parameters: action_ids
-- Caller: store/outbox.py
UPDATE bridge.action SET state = 'planned', sent_at = NULL
WHERE action_id = ANY(:action_ids) AND state = 'sent'
