CREATE TABLE bridge.bulk_job (
    job_id text PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES bridge.run,
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')),
    op text NOT NULL CHECK (op IN ('create', 'update', 'delete')),
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    failed boolean NOT NULL DEFAULT false,
    message text
);
CREATE INDEX bulk_job_open ON bridge.bulk_job (side) WHERE ended_at IS NULL;
CREATE INDEX bulk_job_ended ON bridge.bulk_job (side, ended_at DESC);
ALTER TABLE bridge.action ADD COLUMN job_id text REFERENCES bridge.bulk_job;
CREATE INDEX action_job ON bridge.action (job_id) WHERE job_id IS NOT NULL;

COMMENT ON TABLE bridge.bulk_job IS
    'Jobs that write many rows in the background (Bulk), written down before they get any. One without an end is looked at by every run until it has ended.';
COMMENT ON COLUMN bridge.bulk_job.job_id IS 'Id of the job in its system';
COMMENT ON COLUMN bridge.bulk_job.run_id IS 'Run that opened it';
COMMENT ON COLUMN bridge.bulk_job.side IS 'System that it writes to: sales_connect or salesforce';
COMMENT ON COLUMN bridge.bulk_job.op IS 'What it does with its rows: create, update or delete';
COMMENT ON COLUMN bridge.bulk_job.opened_at IS 'When it was opened';
COMMENT ON COLUMN bridge.bulk_job.ended_at IS 'When its end was seen and the outcomes of its rows were recorded; null until then';
COMMENT ON COLUMN bridge.bulk_job.failed IS 'It ended before it came to all of its rows; for an hour after that ordinary calls do the work';
COMMENT ON COLUMN bridge.bulk_job.message IS 'Why it failed, as the system says';
COMMENT ON COLUMN bridge.action.job_id IS 'Job that carries it out (bridge.bulk_job); null for a row of an ordinary call';
