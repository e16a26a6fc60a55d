-- The next lot of runs of which something may be older than it is kept. Parameters: keep (interval), lot (how many)
SELECT run_id
FROM bridge.run
WHERE run_id > (SELECT up_to FROM bridge.housekeeping) AND opened_at < now() - CAST(:keep AS interval)
ORDER BY run_id
LIMIT :lot
