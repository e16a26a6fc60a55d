-- What a run planned, by system, kind and state
-- Parameters: run_id
SELECT side, op, state, count(*) AS rows
FROM bridge.action
WHERE run_id = :run_id
GROUP BY side, op, state
ORDER BY side = 'salesforce', op, state
