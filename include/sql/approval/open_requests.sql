-- One request for each kind that this plan holds and that has no unfinished one (G3)
INSERT INTO bridge.approval (kind, run_id)
SELECT DISTINCT a.asks, a.run_id
FROM bridge.action a
WHERE a.run_id = :run_id AND a.state = 'held' AND a.asks IS NOT NULL AND a.approval_id IS NULL
ORDER BY a.asks
ON CONFLICT (kind) WHERE state IN ('open', 'answered') DO NOTHING
