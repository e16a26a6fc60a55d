-- Nothing of these can have been written
UPDATE bridge.action SET state = 'planned', sent_at = NULL
WHERE action_id = ANY(:action_ids) AND state = 'sent'
