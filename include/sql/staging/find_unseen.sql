-- Records of pairs in some states that no listing of this run showed (C6), or at most so many of them, by chance (G8)
WITH unseen AS (
    SELECT remote_id, owner
    FROM bridge.half h
    WHERE side = CAST(:side AS text)
      AND state = ANY(:states)
      AND remote_id IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM staging.seen s
        WHERE s.run_id = CAST(:run_id AS bigint) AND s.side = h.side AND s.remote_id = h.remote_id
      )
    ORDER BY md5(link_id || CAST(CAST(:run_id AS bigint) AS text))
    LIMIT CAST(:sample AS bigint)
),
controls AS (
    SELECT owner, min(remote_id) AS first, max(remote_id) AS last
    FROM bridge.half
    WHERE side = CAST(:side AS text) AND state = 'linked' AND owner IN (SELECT owner FROM unseen)
    GROUP BY owner
)
SELECT u.remote_id, CASE WHEN c.first <> u.remote_id THEN c.first ELSE nullif(c.last, u.remote_id) END AS control
FROM unseen u
LEFT JOIN controls c USING (owner)
ORDER BY u.remote_id
