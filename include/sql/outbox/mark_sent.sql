-- Write down the intent before the remote call
UPDATE bridge.action SET state = 'sent', sent_at = clock_timestamp()
WHERE action_id = ANY(:action_ids) AND state = 'planned'
