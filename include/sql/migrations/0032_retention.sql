CREATE TABLE bridge.housekeeping (
    name text PRIMARY KEY DEFAULT 'retention' CHECK (name = 'retention'),
    done_at timestamptz NOT NULL DEFAULT 'epoch',
    up_to bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE bridge.housekeeping IS
    'One row: when what is older than it is kept was last removed, and up to which run. Settings run_retention_days and history_retention_days.';
COMMENT ON COLUMN bridge.housekeeping.name IS 'Always retention';
COMMENT ON COLUMN bridge.housekeeping.done_at IS 'When a lot of runs was last looked at';
COMMENT ON COLUMN bridge.housekeeping.up_to IS 'The last run of that lot; the next one begins behind it. 0: from the oldest run';
INSERT INTO bridge.housekeeping DEFAULT VALUES;

-- A pair outlives the runs that made it.
ALTER TABLE bridge.link
    DROP CONSTRAINT link_created_run_id_fkey,
    DROP CONSTRAINT link_changed_run_id_fkey;
COMMENT ON COLUMN bridge.link.created_run_id IS 'Run that made the pair; perhaps no longer kept';
COMMENT ON COLUMN bridge.link.changed_run_id IS 'Run that last changed the pair; perhaps no longer kept';
COMMENT ON TABLE bridge.kept IS
    'One row is a record that TaskBridge removed, or that it creates anew under another id, as it was before: everything that the side told of it (K5). Kept for history_retention_days. The record went away only if its action is done.';

CREATE INDEX ledger_change_run ON bridge.ledger_change (run_id);
CREATE INDEX kept_run ON bridge.kept (run_id);
CREATE INDEX decision_run ON bridge.decision (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX approval_row_run ON bridge.approval_row (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX bulk_job_run ON bridge.bulk_job (run_id);
CREATE INDEX dead_letter_action ON bridge.dead_letter (action_id) WHERE action_id IS NOT NULL;
