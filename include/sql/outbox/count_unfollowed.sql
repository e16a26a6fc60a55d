-- Purpose: writes that were answered with success and that the base has not followed, as their run died before
-- Parameters: none
-- Caller: store/outbox.py
SELECT count(*)
FROM bridge.ledger_change c
JOIN bridge.action a ON a.run_id = c.run_id AND a.seq = c.seq
WHERE c.applied_at IS NULL AND a.state = 'done'
