-- Purpose: sales_connect records that must be read by id before anything is decided (G9)
-- Parameters: run_id
-- Caller: store/staging.py
WITH unfinished AS (
    SELECT link_id FROM bridge.pairs_to_read(CAST(:run_id AS bigint))
    UNION
    SELECT link_id FROM bridge.link WHERE sc_written_at IS NOT NULL AND state <> 'tombstone'
      AND look_again_at IS NULL
      AND NOT bridge.is_deliberate(CAST(:run_id AS bigint))
      AND NOT EXISTS (
        SELECT FROM staging.sales_connect_task s WHERE s.run_id = CAST(:run_id AS bigint) AND s.remote_id = sc_id
      )
),
wanted AS (
    SELECT l.sc_id AS remote_id, l.sc_owner_now AS owner
    FROM unfinished
    JOIN bridge.link l USING (link_id)
    WHERE l.sc_id IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM staging.sales_connect_task s
        WHERE s.run_id = CAST(:run_id AS bigint) AND s.remote_id = l.sc_id AND s.source = 'by_id'
      )
),
controls AS (
    -- A pair that is not clean may be one of the wave of deletes that is looked into.
    SELECT sc_owner_now AS owner,
           coalesce(min(sc_id) FILTER (WHERE NOT dirty), min(sc_id)) AS first,
           coalesce(max(sc_id) FILTER (WHERE NOT dirty), max(sc_id)) AS last
    FROM bridge.link
    WHERE state = 'linked' AND sc_owner_now IN (SELECT owner FROM wanted)
    GROUP BY sc_owner_now
)
SELECT w.remote_id, CASE WHEN c.first <> w.remote_id THEN c.first ELSE nullif(c.last, w.remote_id) END AS control
FROM wanted w
LEFT JOIN controls c USING (owner)
ORDER BY w.remote_id
