-- The last runs, newest first
-- Parameters: before (run number or null), lines
SELECT run_id, run_key, mode, dry_run, outcome, summary, opened_at, duration, created, updated, deleted, conflicts,
       rejected_new, actions_not_done
FROM mart.sync_runs
WHERE (CAST(:before AS bigint) IS NULL OR run_id < :before)
ORDER BY run_id DESC
LIMIT :lines
