CREATE OR REPLACE VIEW mart.sync_runs ( -- One row is a run, with its counts as they were when it ended.
    run_id, -- Number of the run
    run_key, -- DAG id and DAG run id
    mode, -- scheduled, manual or backfill
    dry_run, -- Whether it only planned
    outcome, -- clean, conflicts, planned (a dry run that would write), partial, held, failed or skipped; open while it is under way or was cut off
    summary, -- The run in a sentence
    opened_at, -- When it began
    closed_at, -- When it ended
    duration, -- How long it took
    sc_start, -- Start of what was read of Sales Connect
    sc_end, -- End (exclusive) of what was read of Sales Connect
    sf_start, -- Start of what was read of Salesforce
    sf_end, -- End (exclusive) of what was read of Salesforce
    users, -- Users it was asked for; empty means all
    rows_unchanged, -- Staged rows that ended as unchanged (G5)
    rows_planned, -- Staged rows that ended as planned (G5)
    rows_held, -- Staged rows that ended as held (G5)
    rows_waiting, -- Staged rows that ended as waiting (G5)
    rows_deferred, -- Staged rows that ended as deferred (G5)
    rows_released, -- Staged rows that ended as released (G5)
    rows_ignored, -- Staged rows that ended as ignored (G5)
    rows_dead_letter, -- Staged rows that ended as dead_letter (G5)
    rows_known, -- Rows of listings that showed a record as it was known, and were not staged (G5)
    created, -- Records created
    updated, -- Records updated
    deleted, -- Records deleted
    actions_not_done, -- Actions that ended in any other state
    conflicts, -- Conflicts found
    rejected_new, -- Rows newly rejected by a system, and records newly not understood (G6)
    actions, -- Actions by side, op and state
    notes, -- What the run reported
    settings_fingerprint, -- Digest of the settings in force
    code_version -- Version of TaskBridge
) AS
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
    coalesce((sc ->> 'waiting')::bigint, 0) + coalesce((sf ->> 'waiting')::bigint, 0) AS rows_waiting,
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
