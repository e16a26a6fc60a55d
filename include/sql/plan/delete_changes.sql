-- Purpose: forget a plan of which nothing was sent
-- Parameters: run_id
-- Caller: store/plan.py
DELETE FROM bridge.ledger_change WHERE run_id = :run_id AND applied_at IS NULL
