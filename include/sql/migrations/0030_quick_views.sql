-- For people who look at a year of runs. Each index costs the runs a little, and is here for the reason that it names.

-- The last sight of a record: mart.latest_staged, not_synced and tasks_current. One entry a staged row.
CREATE INDEX sales_connect_task_record ON staging.sales_connect_task (remote_id, run_id);
CREATE INDEX salesforce_task_record ON staging.salesforce_task (remote_id, run_id);
-- What mart.not_synced starts from, with all that it tells, as far as a row of an index may be that long: titles have 255
-- characters in both systems. One entry a row that was left aside, few of those that runs read.
CREATE INDEX sales_connect_task_aside ON staging.sales_connect_task (remote_id, run_id) INCLUDE (presence, title, owner, link_id, disposition, rule)
    WHERE disposition IN ('ignored', 'deferred', 'held', 'released', 'dead_letter') AND coalesce(octet_length(title), 0) <= 1020;
CREATE INDEX sales_connect_task_aside_long ON staging.sales_connect_task (run_id)
    WHERE disposition IN ('ignored', 'deferred', 'held', 'released', 'dead_letter') AND coalesce(octet_length(title), 0) > 1020;
CREATE INDEX salesforce_task_aside ON staging.salesforce_task (remote_id, run_id) INCLUDE (presence, title, owner, link_id, disposition, rule)
    WHERE disposition IN ('ignored', 'deferred', 'held', 'released', 'dead_letter') AND coalesce(octet_length(title), 0) <= 1020;
CREATE INDEX salesforce_task_aside_long ON staging.salesforce_task (run_id)
    WHERE disposition IN ('ignored', 'deferred', 'held', 'released', 'dead_letter') AND coalesce(octet_length(title), 0) > 1020;
-- Dry runs, whose sights count for nothing. None a run.
CREATE INDEX run_dry ON bridge.run (run_id) WHERE dry_run;
-- Runs of a time: mart.sync_runs. One entry a run.
CREATE INDEX run_opened ON bridge.run (opened_at);
-- Pairs that mart.not_synced tells of. One entry a pair that gets stuck.
CREATE INDEX link_stuck ON bridge.link (state) WHERE state IN ('held', 'missing', 'released');
-- A user's open tasks: mart.command_center. One entry an open task, one more when its day or owner changes.
CREATE INDEX link_open ON bridge.link (sc_owner, sc_due_date) WHERE state = 'linked' AND sc_status = 'open';
-- What was written in a time: mart.change_log. One entry a write.
CREATE INDEX action_written ON bridge.action (coalesce(written_at, answered_at)) WHERE state = 'done';
-- The pair of a record that it no longer has: bridge.pair_of. One entry a write; one a delete.
CREATE INDEX action_record ON bridge.action (remote_id) WHERE state = 'done';
CREATE INDEX kept_record ON bridge.kept (remote_id);
-- Writes to be tried again: mart.errors_by_code, beside those that are open.
DROP INDEX bridge.action_open;
CREATE INDEX action_open ON bridge.action (side, state) WHERE state IN ('planned', 'sent', 'held', 'retry');
-- Conflicts of a pair, and what was decided of one: mart.field_origins and conflicts_open. One entry each.
CREATE INDEX conflict_link ON bridge.conflict (link_id);
CREATE INDEX decision_conflict ON bridge.decision (conflict_id);

CREATE FUNCTION staging.last_sight(of_side text, record text) RETURNS TABLE (
    run_id bigint, presence text, version timestamptz, title text, status text, priority text, due_date date, details text,
    owner text, link_id text, disposition text, rule text
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    (
        SELECT s.run_id, s.presence, s.version, s.title, s.status, s.priority, s.due_date, s.details, s.owner, s.link_id,
               s.disposition, s.rule
        FROM staging.sales_connect_task s
        WHERE of_side = 'sales_connect' AND s.remote_id = record
          AND s.run_id NOT IN (SELECT run_id FROM bridge.run WHERE dry_run)
        ORDER BY s.run_id DESC
        LIMIT 1
    )
    UNION ALL
    (
        SELECT s.run_id, s.presence, s.version, s.title, s.status, s.priority, s.due_date, s.details, s.owner, s.link_id,
               s.disposition, s.rule
        FROM staging.salesforce_task s
        WHERE of_side = 'salesforce' AND s.remote_id = record
          AND s.run_id NOT IN (SELECT run_id FROM bridge.run WHERE dry_run)
        ORDER BY s.run_id DESC
        LIMIT 1
    );
END;
COMMENT ON FUNCTION staging.last_sight IS
    'A record as the latest run that read it saw it, dry runs aside: one row, or none where staging has no sight of it. For many records mart.latest_staged.';
