-- End a run; no row when the run was opened again by somebody else
-- Parameters: run_id, fencing, outcome, summary, counts (what run/count_run answered)
UPDATE bridge.run
SET closed_at = clock_timestamp(), outcome = :outcome, summary = :summary, counts = CAST(:counts AS jsonb)
WHERE run_id = :run_id AND fencing = :fencing
