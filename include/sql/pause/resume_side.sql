-- End a side's pause, as a login has worked
UPDATE bridge.side_state
SET state = 'active', reason = NULL, since = now(), next_attempt_at = NULL
WHERE side = :side AND state = 'paused'
