-- One run with its counts
-- Parameters: run_id, run_key (either; the other null)
SELECT s.*, r.asked, r.asked_by, r.closed_at IS NULL AS open
FROM mart.sync_runs s
JOIN bridge.run r USING (run_id)
WHERE r.run_id = coalesce(
    CAST(:run_id AS bigint),
    (SELECT max(run_id) FROM bridge.run WHERE run_key LIKE replace(replace(:run_key, '\', '\\'), '_', '\_') || '@%')
)
