-- What a run saw and did, as one JSON object (G5); "" counts rows that ended nowhere
WITH staged AS (
    SELECT side, coalesce(disposition, '') AS disposition, count(*) AS n
    FROM staging.seen WHERE run_id = :run_id GROUP BY 1, 2
    UNION ALL
    SELECT side, 'known', n
    FROM bridge.run r
    CROSS JOIN LATERAL (VALUES ('sales_connect', r.sc_known), ('salesforce', r.sf_known)) AS listed (side, n)
    WHERE r.run_id = :run_id AND n > 0
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
not_understood AS (
    -- New ones: what was parked before is no news.
    SELECT count(*) AS n
    FROM staging.seen s
    WHERE s.run_id = :run_id AND s.disposition = 'dead_letter' AND NOT EXISTS (
        SELECT FROM bridge.dead_letter d
        WHERE d.side = s.side AND d.remote_id = s.remote_id AND d.stage = 'extract' AND d.resolved_at IS NULL
          AND d.run_id <> :run_id
    )
)
SELECT jsonb_build_object(
    'staged', (SELECT coalesce(jsonb_object_agg(side, counts), '{}') FROM staged_by_side),
    'actions', (SELECT coalesce(jsonb_object_agg(side, counts), '{}') FROM acted_by_side),
    'conflicts', (SELECT count(*) FROM bridge.conflict WHERE run_id = :run_id),
    'drift', (SELECT count(*) FROM bridge.drift WHERE run_id = :run_id AND class <> 'in_step'),
    'left_out', (SELECT count(*) FROM bridge.left_out WHERE run_id = :run_id),
    'rejected_new', (SELECT count(*) FROM bridge.dead_letter WHERE run_id = :run_id AND stage = 'load')
        + (SELECT n FROM not_understood),
    'seconds', (SELECT extract(epoch FROM clock_timestamp() - opened_at) FROM bridge.run WHERE run_id = :run_id),
    'behind', (SELECT extract(epoch FROM clock_timestamp() - min(moved_at)) FROM bridge.watermark),
    'notes', (SELECT to_jsonb(notes) FROM bridge.run WHERE run_id = :run_id)
)
