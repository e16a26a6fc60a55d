-- The record moved since the plan; the next run decides anew
UPDATE bridge.action SET state = 'stale', answered_at = clock_timestamp()
WHERE action_id = ANY(:action_ids) AND state IN ('planned', 'held', 'sent')
