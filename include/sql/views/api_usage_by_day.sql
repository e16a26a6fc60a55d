CREATE OR REPLACE VIEW mart.api_usage_by_day ( -- One row is the calls of one kind that a day took of a system, all runs together (G7).
    day, -- Day (UTC)
    side, -- sales_connect or salesforce
    kind, -- What they were for, as in mart.api_usage
    calls, -- Requests that left, also of runs that could not be opened, and of looks before a run
    forecast, -- How many the runs of that day had expected, dry runs included
    least_left, -- The least that was left when a run was last told, as far back as staging is kept
    allocation -- Calls that may be made in 24 hours, where it is told
) AS
WITH counted AS (
    SELECT day, side, kind, sum(calls)::bigint AS calls, sum(forecast)::bigint AS forecast
    FROM bridge.api_usage
    GROUP BY day, side, kind
),
told AS (
    SELECT CAST(told_at AT TIME ZONE 'UTC' AS date) AS day, side,
           min(calls_left) AS least_left,
           max(allocation) AS allocation
    FROM bridge.api_allowance
    GROUP BY 1, 2
)
SELECT c.day, c.side, c.kind, c.calls, c.forecast, t.least_left, t.allocation
FROM counted c
LEFT JOIN told t USING (day, side);
