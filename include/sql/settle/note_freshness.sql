-- How long the changes took that this run carried over, once a run. First syncs, what a person approved and what was
-- asked for by hand do not count: nobody waits a minute for those. Parameters: run_id
WITH this AS (
    SELECT * FROM bridge.run WHERE run_id = :run_id AND settled_at IS NULL AND NOT bridge.is_deliberate(run_id)
),
clocks AS (
    -- both: UNION ALL
    -- The systems tell whole seconds, so only a clock that is clearly wrong is put right.
    SELECT '{side}' AS side,
           CASE WHEN {half}_server_time - opened_at BETWEEN '-5 s' AND '5 s' THEN interval '0'
                ELSE {half}_server_time - opened_at END AS ahead
    FROM this
    -- end
),
crossed AS (
    -- both: UNION ALL
    -- What began in {System}, looked up by key: of staging that was just filled little is known.
    SELECT '{side}' AS source, a.side, coalesce(a.sc_user_id, '') AS sc_user_id, a.answered_at, s.changed_at
    FROM bridge.action a
    JOIN bridge.link l USING (link_id)
    CROSS JOIN LATERAL (
        SELECT coalesce(modified_at, version) AS changed_at
        FROM staging.{side}_task
        WHERE run_id = :run_id AND remote_id = l.{half}_id
        OFFSET 0
    ) s
    WHERE a.run_id = :run_id AND a.side <> '{side}' AND a.state = 'done' AND NOT a.first_import AND a.approval_id IS NULL
    -- end
),
took AS (
    SELECT date_trunc('hour', c.answered_at, 'UTC') AS hour, c.side, c.sc_user_id,
           extract(epoch FROM c.answered_at - (c.changed_at - k.ahead)) AS seconds
    FROM crossed c
    JOIN clocks k ON k.side = c.source
    WHERE c.answered_at IS NOT NULL AND c.changed_at IS NOT NULL
)
INSERT INTO bridge.freshness AS known (hour, side, sc_user_id, seconds)
SELECT hour, side, sc_user_id, array_agg(greatest(seconds, 0)::real)
FROM took
GROUP BY hour, side, sc_user_id
ON CONFLICT (sc_user_id, hour, side) DO UPDATE SET seconds = known.seconds || excluded.seconds
