-- Purpose: calls of a run so far, and what it had forecast, by side and kind (G7)
-- Parameters: run_id
-- Caller: store/usage.py
SELECT side, kind, sum(calls)::bigint AS calls, sum(forecast)::bigint AS forecast
FROM bridge.api_usage
WHERE run_id = :run_id
GROUP BY side, kind
ORDER BY side, kind
