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
seen AS (
    -- both: UNION ALL
    SELECT '{side}' AS side, link_id, coalesce(modified_at, version) AS changed_at
    FROM staging.{side}_task
    WHERE run_id = :run_id AND link_id IS NOT NULL
    -- end
),
crossed AS (
    SELECT a.side, coalesce(a.sc_user_id, '') AS sc_user_id, a.written_at - target.ahead AS written_at,
           s.changed_at - source.ahead AS changed_at
    FROM bridge.action a
    JOIN seen s ON s.link_id = a.link_id AND s.side <> a.side
    JOIN clocks source ON source.side = s.side
    JOIN clocks target ON target.side = a.side
    WHERE a.run_id = :run_id AND a.state = 'done' AND NOT a.first_import AND a.approval_id IS NULL
)
INSERT INTO bridge.freshness AS known (hour, side, sc_user_id, seconds)
SELECT date_trunc('hour', written_at, 'UTC'), side, sc_user_id,
       array_agg(greatest(extract(epoch FROM written_at - changed_at), 0)::real)
FROM crossed
WHERE written_at IS NOT NULL AND changed_at IS NOT NULL
GROUP BY 1, 2, 3
ON CONFLICT (sc_user_id, hour, side) DO UPDATE SET seconds = known.seconds || excluded.seconds
