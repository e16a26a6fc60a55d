-- What a run was to cost and what it did, by system and kind
-- Parameters: run_id
SELECT side, kind, sum(calls)::bigint AS calls, sum(forecast)::bigint AS forecast
FROM bridge.api_usage
WHERE run_id = :run_id
GROUP BY side, kind
ORDER BY side = 'salesforce', kind
