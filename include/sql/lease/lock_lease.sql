-- Purpose: read the fencing number and keep it from changing until the transaction ends
-- Parameters: none
-- Caller: store/database.py, store/leases.py, store/runs.py
SELECT fencing FROM bridge.lease WHERE name = 'sync' FOR SHARE
