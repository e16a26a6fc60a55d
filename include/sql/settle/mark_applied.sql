-- Purpose: the ledger changes that settle/apply_changes has just applied
-- Parameters: run_id
-- Caller: store/settling.py
UPDATE bridge.ledger_change c
SET applied_at = now()
WHERE c.applied_at IS NULL
  AND c.run_id <= :run_id
  AND (
    (c.seq IS NULL AND c.run_id = :run_id)
    OR (c.seq IS NULL AND EXISTS (SELECT FROM bridge.run r WHERE r.run_id = c.run_id AND r.mode = 'rebase'))
    OR EXISTS (
        SELECT FROM bridge.action a WHERE a.run_id = c.run_id AND a.seq = c.seq AND a.state = 'done'
    )
  )
  AND (
    c.also IS NULL
    OR EXISTS (
        SELECT FROM bridge.action b WHERE b.run_id = c.run_id AND b.seq = c.also AND b.state = 'done'
    )
  )
