-- Purpose: what the database knows of the sizes of a large plan, before it is joined with anything
-- Parameters: none
-- Caller: store/statistics.py
ANALYZE bridge.action (run_id, link_id, state), bridge.ledger_change (run_id)
