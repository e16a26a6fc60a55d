CREATE TABLE bridge.api_usage (
    run_id bigint REFERENCES bridge.run,
    day date NOT NULL DEFAULT CAST(now() AT TIME ZONE 'UTC' AS date),
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')),
    kind text NOT NULL CHECK (kind IN ('login', 'query', 'look_up', 'write', 'bulk', 'describe', 'limits')),
    calls bigint NOT NULL DEFAULT 0,
    forecast bigint,
    UNIQUE NULLS NOT DISTINCT (run_id, day, side, kind)
);
CREATE INDEX api_usage_day ON bridge.api_usage (day);
COMMENT ON TABLE bridge.api_usage IS
    'One row is the calls of one kind that a run made to a system on a day (G7); for people mart.api_usage.';
COMMENT ON COLUMN bridge.api_usage.run_id IS 'Number of the run; empty for runs that could not be opened, and for all that ended long ago';
COMMENT ON COLUMN bridge.api_usage.day IS 'Day (UTC) on which the calls were counted';
COMMENT ON COLUMN bridge.api_usage.side IS 'sales_connect or salesforce';
COMMENT ON COLUMN bridge.api_usage.kind IS 'What they were for: login, query, look_up, write, bulk, describe or limits';
COMMENT ON COLUMN bridge.api_usage.calls IS 'Requests that left, answered or not';
COMMENT ON COLUMN bridge.api_usage.forecast IS 'How many the run expected by its end when it had planned; empty when it never did';

CREATE TABLE bridge.api_allowance (
    run_id bigint REFERENCES bridge.run,
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')),
    calls_left bigint NOT NULL,
    allocation bigint,
    told_at timestamptz NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (run_id, side)
);
CREATE INDEX api_allowance_kept ON bridge.api_allowance (side, kept_at);
COMMENT ON TABLE bridge.api_allowance IS 'One row is what a system last told a run of the calls that it still takes (G7).';
COMMENT ON COLUMN bridge.api_allowance.run_id IS 'Number of the run; empty for one that could not be opened';
COMMENT ON COLUMN bridge.api_allowance.side IS 'sales_connect or salesforce';
COMMENT ON COLUMN bridge.api_allowance.calls_left IS 'Calls left: of 24 hours in Salesforce, of the minute in Sales Connect';
COMMENT ON COLUMN bridge.api_allowance.allocation IS 'Calls that may be made in that time, where it is told';
COMMENT ON COLUMN bridge.api_allowance.told_at IS 'When, by the clock of the system';
COMMENT ON COLUMN bridge.api_allowance.kept_at IS 'When it was stored';
