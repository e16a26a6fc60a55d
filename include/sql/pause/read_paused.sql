-- Purpose: the sides that are paused, and whether their next login is due
-- Parameters: none
-- Caller: store/pauses.py
SELECT side, reason, since, next_attempt_at, next_attempt_at <= now() AS due
FROM bridge.side_state
WHERE state = 'paused'
