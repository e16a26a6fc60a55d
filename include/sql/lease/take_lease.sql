-- Purpose: take the lease, or renew it under the same key; no row while another run holds it
-- Parameters: run_key, ttl (interval)
-- Caller: store/leases.py
UPDATE bridge.lease
SET fencing = CASE WHEN run_key = :run_key THEN fencing ELSE fencing + 1 END,
    run_key = :run_key,
    expires_at = clock_timestamp() + CAST(:ttl AS interval)
WHERE name = 'sync'
  AND (run_key IS NULL OR run_key = :run_key OR expires_at <= clock_timestamp())
RETURNING fencing
