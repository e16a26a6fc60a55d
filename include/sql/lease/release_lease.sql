-- Give the lease back, if this run holds it, and forget the logins of the run
WITH forgotten AS (
    DELETE FROM bridge.session WHERE run_key = :run_key OR kept_at < now() - interval '1 day'
)
UPDATE bridge.lease SET run_key = NULL, expires_at = NULL WHERE name = 'sync' AND run_key = :run_key
