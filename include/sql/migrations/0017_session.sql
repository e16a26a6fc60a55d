CREATE TABLE bridge.session (
    run_key text NOT NULL,
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')),
    sealed text NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_key, side)
);
COMMENT ON TABLE bridge.session IS
    'One row is a login that a run under way shares between its tasks; deleted when the run gives the lease back.';
COMMENT ON COLUMN bridge.session.run_key IS 'Run that logged in';
COMMENT ON COLUMN bridge.session.side IS 'sales_connect or salesforce';
COMMENT ON COLUMN bridge.session.sealed IS 'Address and token, encrypted with the Fernet key of Airflow; useless without it';
COMMENT ON COLUMN bridge.session.kept_at IS 'When it was kept, or renewed last';
