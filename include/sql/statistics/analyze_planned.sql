-- Purpose: what the database knows of the sizes of a large plan, before it is joined with anything
-- Parameters: none
-- Caller: store/statistics.py
ANALYZE bridge.action, bridge.ledger_change, bridge.link
