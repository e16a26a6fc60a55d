-- Purpose: what a run saw and did, as one JSON object (G5); "" counts rows that ended nowhere
-- Parameters: run_id
-- Caller: store/runs.py
WITH staged AS (
    SELECT 'sales_connect' AS side, coalesce(disposition, '') AS disposition, count(*) AS n
    FROM staging.sales_connect_task WHERE run_id = :run_id GROUP BY 2
    UNION ALL
    SELECT 'salesforce', coalesce(disposition, ''), count(*)
    FROM staging.salesforce_task WHERE run_id = :run_id GROUP BY 2
),
staged_by_side AS (
    SELECT side, jsonb_object_agg(disposition, n) AS counts FROM staged GROUP BY side
),
acted AS (
    SELECT side, op, state, count(*) AS n FROM bridge.action WHERE run_id = :run_id GROUP BY 1, 2, 3
),
acted_by_op AS (
    SELECT side, op, jsonb_object_agg(state, n) AS counts FROM acted GROUP BY side, op
),
acted_by_side AS (
    SELECT side, jsonb_object_agg(op, counts) AS counts FROM acted_by_op GROUP BY side
),
asked AS (
    SELECT asks || coalesce(' (request ' || approval_id || ')', ' (next request)') AS request, count(*) AS n
    FROM bridge.action WHERE run_id = :run_id AND state = 'held' AND asks IS NOT NULL GROUP BY 1
)
SELECT jsonb_build_object(
    'staged', (SELECT coalesce(jsonb_object_agg(side, counts), '{}') FROM staged_by_side),
    'actions', (SELECT coalesce(jsonb_object_agg(side, counts), '{}') FROM acted_by_side),
    'conflicts', (SELECT count(*) FROM bridge.conflict WHERE run_id = :run_id),
    'drift', (SELECT count(*) FROM bridge.drift WHERE run_id = :run_id AND class <> 'in_step'),
    'waiting', (SELECT coalesce(jsonb_object_agg(request, n), '{}') FROM asked),
    'left_out', (SELECT count(*) FROM bridge.left_out WHERE run_id = :run_id),
    'rejected_new', (SELECT count(*) FROM bridge.dead_letter WHERE run_id = :run_id AND stage = 'load')
)
