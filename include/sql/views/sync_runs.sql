-- Purpose: what each run saw and did
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.sync_runs AS
SELECT
    r.run_id, regexp_replace(r.run_key, '@[^@]*$', '') AS run_key, r.mode, r.dry_run,
    coalesce(r.outcome, 'open') AS outcome,
    r.summary,
    r.opened_at, r.closed_at,
    r.closed_at - r.opened_at AS duration,
    r.sc_start, r.sc_end, r.sf_start, r.sf_end,
    r.users,
    -- Counts are stored when a run ends; until then they show as 0.
    coalesce((sc ->> 'unchanged')::bigint, 0) + coalesce((sf ->> 'unchanged')::bigint, 0) AS rows_unchanged,
    coalesce((sc ->> 'planned')::bigint, 0) + coalesce((sf ->> 'planned')::bigint, 0) AS rows_planned,
    coalesce((sc ->> 'held')::bigint, 0) + coalesce((sf ->> 'held')::bigint, 0) AS rows_held,
    coalesce((sc ->> 'deferred')::bigint, 0) + coalesce((sf ->> 'deferred')::bigint, 0) AS rows_deferred,
    coalesce((sc ->> 'released')::bigint, 0) + coalesce((sf ->> 'released')::bigint, 0) AS rows_released,
    coalesce((sc ->> 'ignored')::bigint, 0) + coalesce((sf ->> 'ignored')::bigint, 0) AS rows_ignored,
    coalesce((sc ->> 'dead_letter')::bigint, 0) + coalesce((sf ->> 'dead_letter')::bigint, 0) AS rows_dead_letter,
    coalesce((sc ->> 'known')::bigint, 0) + coalesce((sf ->> 'known')::bigint, 0) AS rows_known,
    coalesce((to_sc -> 'create' ->> 'done')::bigint, 0) + coalesce((to_sf -> 'create' ->> 'done')::bigint, 0) AS created,
    coalesce((to_sc -> 'update' ->> 'done')::bigint, 0) + coalesce((to_sf -> 'update' ->> 'done')::bigint, 0) AS updated,
    coalesce((to_sc -> 'delete' ->> 'done')::bigint, 0) + coalesce((to_sf -> 'delete' ->> 'done')::bigint, 0) AS deleted,
    (SELECT coalesce(sum(value::bigint), 0)
     FROM jsonb_path_query(r.counts, '$.actions.*.*.keyvalue() ? (@.key != "done").value') value)::bigint AS actions_not_done,
    coalesce((r.counts ->> 'conflicts')::bigint, 0) AS conflicts,
    coalesce((r.counts ->> 'rejected_new')::bigint, 0) AS rejected_new,
    r.counts -> 'actions' AS actions,
    r.notes, r.settings_fingerprint, r.code_version
FROM bridge.run r
CROSS JOIN LATERAL (
    SELECT r.counts -> 'staged' -> 'sales_connect' AS sc, r.counts -> 'staged' -> 'salesforce' AS sf,
           r.counts -> 'actions' -> 'sales_connect' AS to_sc, r.counts -> 'actions' -> 'salesforce' AS to_sf
) counted;

COMMENT ON VIEW mart.sync_runs IS 'One row is a run, with its counts as they were when it ended.';
COMMENT ON COLUMN mart.sync_runs.run_id IS 'Number of the run';
COMMENT ON COLUMN mart.sync_runs.run_key IS 'DAG id and DAG run id';
COMMENT ON COLUMN mart.sync_runs.mode IS 'scheduled, manual or backfill';
COMMENT ON COLUMN mart.sync_runs.dry_run IS 'Whether it only planned';
COMMENT ON COLUMN mart.sync_runs.outcome IS 'clean, conflicts, partial, held, failed or skipped; open while it is under way or was cut off';
COMMENT ON COLUMN mart.sync_runs.summary IS 'The run in a sentence';
COMMENT ON COLUMN mart.sync_runs.opened_at IS 'When it began';
COMMENT ON COLUMN mart.sync_runs.closed_at IS 'When it ended';
COMMENT ON COLUMN mart.sync_runs.duration IS 'How long it took';
COMMENT ON COLUMN mart.sync_runs.sc_start IS 'Start of what was read of Sales Connect';
COMMENT ON COLUMN mart.sync_runs.sc_end IS 'End (exclusive) of what was read of Sales Connect';
COMMENT ON COLUMN mart.sync_runs.sf_start IS 'Start of what was read of Salesforce';
COMMENT ON COLUMN mart.sync_runs.sf_end IS 'End (exclusive) of what was read of Salesforce';
COMMENT ON COLUMN mart.sync_runs.users IS 'Users it was asked for; empty means all';
COMMENT ON COLUMN mart.sync_runs.rows_unchanged IS 'Staged rows that ended as unchanged (G5)';
COMMENT ON COLUMN mart.sync_runs.rows_planned IS 'Staged rows that ended as planned (G5)';
COMMENT ON COLUMN mart.sync_runs.rows_held IS 'Staged rows that ended as held (G5)';
COMMENT ON COLUMN mart.sync_runs.rows_deferred IS 'Staged rows that ended as deferred (G5)';
COMMENT ON COLUMN mart.sync_runs.rows_released IS 'Staged rows that ended as released (G5)';
COMMENT ON COLUMN mart.sync_runs.rows_ignored IS 'Staged rows that ended as ignored (G5)';
COMMENT ON COLUMN mart.sync_runs.rows_dead_letter IS 'Staged rows that ended as dead_letter (G5)';
COMMENT ON COLUMN mart.sync_runs.rows_known IS 'Rows of listings that showed a record as it was known, and were not staged (G5)';
COMMENT ON COLUMN mart.sync_runs.created IS 'Records created';
COMMENT ON COLUMN mart.sync_runs.updated IS 'Records updated';
COMMENT ON COLUMN mart.sync_runs.deleted IS 'Records deleted';
COMMENT ON COLUMN mart.sync_runs.actions_not_done IS 'Actions that ended in any other state';
COMMENT ON COLUMN mart.sync_runs.conflicts IS 'Conflicts found';
COMMENT ON COLUMN mart.sync_runs.rejected_new IS 'Rows newly rejected by a system, and records newly not understood (G6)';
COMMENT ON COLUMN mart.sync_runs.actions IS 'Actions by side, op and state';
COMMENT ON COLUMN mart.sync_runs.notes IS 'What the run reported';
COMMENT ON COLUMN mart.sync_runs.settings_fingerprint IS 'Digest of the settings in force';
COMMENT ON COLUMN mart.sync_runs.code_version IS 'Version of TaskBridge';
