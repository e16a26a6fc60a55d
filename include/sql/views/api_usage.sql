-- Purpose: how many calls each run made, and how many it had expected (G7)
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.api_usage AS
SELECT
    u.run_id, u.day, r.mode, r.dry_run, r.opened_at,
    u.side, u.kind, made.calls, made.forecast,
    a.calls_left, a.allocation, a.told_at
FROM bridge.api_usage u
CROSS JOIN LATERAL (
    SELECT sum(same.calls)::bigint AS calls, sum(same.forecast)::bigint AS forecast
    FROM bridge.api_usage same
    WHERE same.run_id = u.run_id AND same.side = u.side AND same.kind = u.kind
) made
JOIN bridge.run r USING (run_id)
LEFT JOIN bridge.api_allowance a USING (run_id, side)
WHERE NOT EXISTS (
    SELECT FROM bridge.api_usage earlier
    WHERE earlier.run_id = u.run_id AND earlier.side = u.side AND earlier.kind = u.kind AND earlier.day < u.day
);

COMMENT ON VIEW mart.api_usage IS 'One row is the calls of one kind that a run made to a system, with its forecast and what the system last told it to have left (G7). Goes back as far as staging is kept; older days are in mart.api_usage_by_day.';
COMMENT ON COLUMN mart.api_usage.run_id IS 'Number of the run';
COMMENT ON COLUMN mart.api_usage.day IS 'Day (UTC) of the calls; the first, of a run over midnight';
COMMENT ON COLUMN mart.api_usage.mode IS 'How the run came about, as in mart.sync_runs';
COMMENT ON COLUMN mart.api_usage.dry_run IS 'Whether it only planned: its forecast is what the real run would take';
COMMENT ON COLUMN mart.api_usage.opened_at IS 'When the run began';
COMMENT ON COLUMN mart.api_usage.side IS 'sales_connect or salesforce';
COMMENT ON COLUMN mart.api_usage.kind IS 'What they were for: login, query (what changed, who works there), look_up (records by id or marker), write, bulk, describe or limits';
COMMENT ON COLUMN mart.api_usage.calls IS 'Requests that left, answered or not; a task that died has lost its part';
COMMENT ON COLUMN mart.api_usage.forecast IS 'How many it expected by its end when it had planned; logins are not forecast';
COMMENT ON COLUMN mart.api_usage.calls_left IS 'Calls left when the system last told: of 24 hours in Salesforce, of the minute in Sales Connect';
COMMENT ON COLUMN mart.api_usage.allocation IS 'Calls that may be made in that time, where it is told';
COMMENT ON COLUMN mart.api_usage.told_at IS 'When it was told, by the clock of the system';
