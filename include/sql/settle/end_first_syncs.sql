-- Purpose: a user's first sync is settled when none of its creates is left open (I1)
-- Parameters: run_id
-- Caller: store/settling.py
UPDATE bridge.user_map u
SET first_sync = 'settled'
WHERE u.state = 'synced'
  AND u.first_sync = 'owed'
  AND NOT EXISTS (
    SELECT FROM bridge.action a
    WHERE a.sc_user_id = u.sc_user_id
      AND a.op = 'create'
      AND ((a.run_id = :run_id AND a.state IN ('planned', 'retry', 'held')) OR a.state = 'sent')
  )
