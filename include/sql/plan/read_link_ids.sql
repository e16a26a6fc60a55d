-- Purpose: the names of all pairs that the ledger knows
-- Parameters: none
-- Caller: store/plan.py
SELECT link_id FROM bridge.link ORDER BY link_id
