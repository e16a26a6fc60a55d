CREATE TABLE bridge.contract (
    side text PRIMARY KEY CHECK (side IN ('sales_connect', 'salesforce')),
    picklists jsonb NOT NULL,
    breaches text[] NOT NULL,
    settings_fingerprint text NOT NULL,
    code_version text NOT NULL,
    run_id bigint NOT NULL REFERENCES bridge.run,
    looked_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE bridge.contract IS
    'One row is what a system last said of its tasks: whether rights, fields and picklists are as the sync needs them.';
COMMENT ON COLUMN bridge.contract.side IS 'sales_connect or salesforce';
COMMENT ON COLUMN bridge.contract.picklists IS 'Active values of the picklists that are mapped, by field';
COMMENT ON COLUMN bridge.contract.breaches IS 'What keeps the sync from writing, each with its remedy; empty when all is there';
COMMENT ON COLUMN bridge.contract.settings_fingerprint IS 'Settings of the run that looked';
COMMENT ON COLUMN bridge.contract.code_version IS 'Version of TaskBridge that looked';
COMMENT ON COLUMN bridge.contract.run_id IS 'Run that looked';
COMMENT ON COLUMN bridge.contract.looked_at IS 'When';
