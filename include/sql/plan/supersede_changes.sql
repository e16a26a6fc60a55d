-- Purpose: ledger changes of unsettled runs that these pairs have been decided anew for
-- Parameters: run_id; reads incoming_disposition
-- Caller: store/plan.py
DELETE FROM bridge.ledger_change c
WHERE c.run_id <> :run_id
  AND c.applied_at IS NULL
  AND c.seq IS NULL
  AND c.link_id IN (SELECT d.link_id FROM incoming_disposition d)
