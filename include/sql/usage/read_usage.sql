-- A run's calls by side and kind, what it had forecast, and, with no kind, what it was told last
SELECT side, kind, sum(calls)::bigint AS calls, sum(forecast)::bigint AS forecast,
       CAST(NULL AS bigint) AS calls_left, CAST(NULL AS bigint) AS allocation, CAST(NULL AS timestamptz) AS told_at
FROM bridge.api_usage
WHERE run_id = :run_id
GROUP BY side, kind
UNION ALL
SELECT side, NULL, NULL, NULL, calls_left, allocation, told_at FROM bridge.api_allowance WHERE run_id = :run_id
ORDER BY side, kind
