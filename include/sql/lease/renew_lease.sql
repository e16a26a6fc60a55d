-- Prolong the lease; no row when its number has moved on. Parameters: run_key, fencing, ttl (interval)
UPDATE bridge.lease
SET run_key = :run_key, expires_at = clock_timestamp() + CAST(:ttl AS interval)
WHERE name = 'sync' AND fencing = :fencing
