-- The last dry runs
-- Parameters: lines
SELECT d.run_id, d.mode, d.asked_by, d.opened_at, d.outcome, d.planned
FROM (
    SELECT r.run_id, r.mode, r.asked_by, r.opened_at, r.outcome,
           (SELECT count(*) FROM bridge.action a WHERE a.run_id = r.run_id) AS planned
    FROM bridge.run r
    WHERE r.dry_run
    ORDER BY r.run_id DESC
    LIMIT :lines
) d
ORDER BY d.run_id DESC
