-- The calls of runs that ended long ago, kept by day alone. Parameters: keep (interval)
WITH old AS (
    DELETE FROM bridge.api_usage u
    USING bridge.run r
    WHERE r.run_id = u.run_id AND r.closed_at < now() - CAST(:keep AS interval)
    RETURNING u.day, u.side, u.kind, u.calls, u.forecast
)
INSERT INTO bridge.api_usage AS known (run_id, day, side, kind, calls, forecast)
SELECT NULL, day, side, kind, sum(calls), sum(forecast)
FROM old
GROUP BY day, side, kind
ON CONFLICT (run_id, day, side, kind) DO UPDATE
SET calls = known.calls + excluded.calls,
    forecast = coalesce(known.forecast, 0) + coalesce(excluded.forecast, 0)
