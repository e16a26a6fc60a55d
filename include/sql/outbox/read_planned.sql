-- Actions still to be written, those first that have waited longest (G7). Parameters: run_id, side, ops (comma-separated), among (action ids; null: all)
SELECT {writes}
FROM bridge.action
WHERE run_id = CAST(:run_id AS bigint)
  AND side = CAST(:side AS text)
  AND op = ANY (string_to_array(CAST(:ops AS text), ','))
  AND state = 'planned'
  AND (CAST(:among AS text[]) IS NULL OR action_id = ANY (CAST(:among AS text[])))
-- What waits equally long, in the order of core.forecast.FIRST_TO_GO.
ORDER BY waiting_since NULLS LAST, array_position(ARRAY['update', 'delete', 'create'], op), seq
