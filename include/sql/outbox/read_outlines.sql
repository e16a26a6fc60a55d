-- What the choice of what is written goes by, in the order of outbox/read_planned. Parameters: run_id, side
SELECT action_id, op, mask, status, contested, person
FROM bridge.action
WHERE run_id = CAST(:run_id AS bigint) AND side = CAST(:side AS text) AND state = 'planned'
ORDER BY waiting_since NULLS LAST, array_position(ARRAY['update', 'delete', 'create'], op), seq
