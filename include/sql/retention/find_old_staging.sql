-- Runs that still have staging and ended, or were abandoned, longer ago; the oldest first
-- Parameters: keep (interval), lot (how many)
SELECT r.run_id
FROM bridge.run r
WHERE r.run_id >= (SELECT min(run_id) FROM staging.seen)
  AND coalesce(r.closed_at, r.opened_at) < now() - CAST(:keep AS interval)
  AND r.run_key IS DISTINCT FROM (SELECT run_key FROM bridge.lease WHERE expires_at > now())
  AND (
    EXISTS (SELECT FROM staging.sales_connect_task s WHERE s.run_id = r.run_id)
    OR EXISTS (SELECT FROM staging.salesforce_task s WHERE s.run_id = r.run_id)
  )
ORDER BY r.run_id
LIMIT :lot
