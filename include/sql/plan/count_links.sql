-- Purpose: how many pairs the ledger knows
-- Parameters: none
-- Caller: store/plan.py
SELECT count(*) FROM bridge.link
