CREATE OR REPLACE VIEW mart.api_usage ( -- One row is the calls of one kind that a run made to a system, with its forecast and what the system last told it to have left (G7). Goes back as far as staging is kept; older days are in mart.api_usage_by_day.
    run_id, -- Number of the run
    day, -- Day (UTC) of the calls; the first, of a run over midnight
    mode, -- How the run came about, as in mart.sync_runs
    dry_run, -- Whether it only planned: its forecast is what the real run would take
    opened_at, -- When the run began
    side, -- sales_connect or salesforce
    kind, -- What they were for: login, query (what changed, who works there), look_up (records by id or marker), write, bulk, describe or limits
    calls, -- Requests that left, answered or not; a task that died has lost its part
    forecast, -- How many it expected by its end when it had planned; logins are not forecast
    calls_left, -- Calls left when the system last told: of 24 hours in Salesforce, of the minute in Sales Connect
    allocation, -- Calls that may be made in that time, where it is told
    told_at -- When it was told, by the clock of the system
) AS
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
