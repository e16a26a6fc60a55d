-- Purpose: how many calls each day took (G7)
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.api_usage_by_day AS
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

COMMENT ON VIEW mart.api_usage_by_day IS 'One row is the calls of one kind that a day took of a system, all runs together (G7).';
COMMENT ON COLUMN mart.api_usage_by_day.day IS 'Day (UTC)';
COMMENT ON COLUMN mart.api_usage_by_day.side IS 'sales_connect or salesforce';
COMMENT ON COLUMN mart.api_usage_by_day.kind IS 'What they were for, as in mart.api_usage';
COMMENT ON COLUMN mart.api_usage_by_day.calls IS 'Requests that left, also of runs that could not be opened';
COMMENT ON COLUMN mart.api_usage_by_day.forecast IS 'How many the runs of that day had expected, dry runs included';
COMMENT ON COLUMN mart.api_usage_by_day.least_left IS 'The least that was left when a run was last told, as far back as staging is kept';
COMMENT ON COLUMN mart.api_usage_by_day.allocation IS 'Calls that may be made in 24 hours, where it is told';
