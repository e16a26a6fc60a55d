-- Write down the intent before the remote call
UPDATE bridge.action SET state = 'sent', sent_at = clock_timestamp()
WHERE action_id = ANY(:action_ids)
  -- A SELECT, so that it is looked up by id: what else of a large run is planned lies in the way of a search.
  AND state = (SELECT 'planned')
