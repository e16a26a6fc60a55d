-- Purpose: give the lease back if this key holds it; the number stays, so that it never repeats
-- Parameters: run_key
-- Caller: store/leases.py
UPDATE bridge.lease SET run_key = NULL, expires_at = NULL WHERE name = 'sync' AND run_key = :run_key
