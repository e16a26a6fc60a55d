-- Records that must be read by id before anything is decided (G9)
WITH wanted AS (
    SELECT h.side, h.remote_id, h.owner
    FROM bridge.pairs_to_read(CAST(:run_id AS bigint)) p
    -- OFFSET 0, here and below: looked up by key, whatever the database reckons with.
    CROSS JOIN LATERAL (SELECT * FROM bridge.half WHERE link_id = p.link_id OFFSET 0) h
    WHERE h.remote_id IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM staging.seen s
        WHERE s.run_id = CAST(:run_id AS bigint) AND s.side = h.side AND s.remote_id = h.remote_id AND s.source = 'by_id'
        OFFSET 0
      )
    UNION
    SELECT h.side, h.remote_id, h.owner
    FROM bridge.half h
    WHERE h.written_at IS NOT NULL AND h.remote_id IS NOT NULL AND h.state <> 'tombstone' AND h.look_again_at IS NULL
      AND NOT bridge.is_deliberate(CAST(:run_id AS bigint))
      AND NOT EXISTS (
        SELECT FROM staging.seen s
        WHERE s.run_id = CAST(:run_id AS bigint) AND s.side = h.side AND s.remote_id = h.remote_id
        OFFSET 0
      )
),
controls AS (
    -- A pair that is not clean may be one of the wave of deletes that is looked into.
    SELECT side, owner,
           coalesce(min(remote_id) FILTER (WHERE NOT dirty), min(remote_id)) AS first,
           coalesce(max(remote_id) FILTER (WHERE NOT dirty), max(remote_id)) AS last
    FROM bridge.half
    WHERE state = 'linked' AND (side, owner) IN (SELECT side, owner FROM wanted)
    GROUP BY side, owner
)
SELECT
    w.side, w.remote_id,
    CASE WHEN c.first <> w.remote_id THEN c.first ELSE nullif(c.last, w.remote_id) END AS control
FROM wanted w
LEFT JOIN controls c USING (side, owner)
ORDER BY w.side, w.remote_id
