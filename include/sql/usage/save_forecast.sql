-- What a run will have cost by its end, in place of what it had forecast before
-- Parameters: run_id; sides, kinds, forecast: one row each
WITH expected AS (
    SELECT side, kind, forecast
    FROM unnest(
        CAST(:sides AS text[]), CAST(:kinds AS text[]), CAST(:forecast AS bigint[])
    ) AS given (side, kind, forecast)
),
forgotten AS (
    UPDATE bridge.api_usage u
    SET forecast = NULL
    WHERE u.run_id = :run_id
      AND u.forecast IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM expected e
        WHERE e.side = u.side AND e.kind = u.kind AND u.day = CAST(now() AT TIME ZONE 'UTC' AS date)
      )
)
INSERT INTO bridge.api_usage (run_id, side, kind, forecast)
SELECT CAST(:run_id AS bigint), side, kind, forecast FROM expected
ON CONFLICT (run_id, day, side, kind) DO UPDATE SET forecast = excluded.forecast
