-- Purpose: the org and the account that the ledger was built from
-- Parameters: none
-- Caller: store/identity.py
SELECT side, identity FROM bridge.side_identity WHERE identity IS NOT NULL
