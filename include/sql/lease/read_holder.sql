-- Purpose: who holds a lease that has not expired
-- Parameters: none
-- Caller: store/leases.py
SELECT run_key FROM bridge.lease WHERE name = 'sync' AND expires_at > clock_timestamp()
