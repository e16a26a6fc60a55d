-- A record that is read again before its delete is kept as it is now
DELETE FROM bridge.kept WHERE action_id = ANY(:action_ids)
