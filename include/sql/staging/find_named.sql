-- Records of a side that markers name as their originals and no listing of this run showed (G8)
WITH carried AS (
    SELECT marker, CASE WHEN side <> CAST(:side AS text) THEN owner END AS owner
    FROM staging.seen
    WHERE run_id = CAST(:run_id AS bigint)
),
named AS (
    SELECT split_part(substr(marker, length(i.begins) + 1), ':', 1) AS remote_id,
           min(CASE CAST(:side AS text) WHEN 'sales_connect' THEN u.sc_user_id ELSE u.sf_user_id END) AS owner
    FROM carried c
    CROSS JOIN (
        SELECT 'tb:' || CASE side WHEN 'sales_connect' THEN 'sc' ELSE 'sf' END || ':' || identity || ':' AS begins
        FROM bridge.side_identity WHERE side = CAST(:side AS text)
    ) i
    LEFT JOIN bridge.user_map u
        ON CASE CAST(:side AS text) WHEN 'sales_connect' THEN u.sf_user_id ELSE u.sc_user_id END = c.owner
        AND u.state IN ('synced', 'off')
    WHERE starts_with(c.marker, i.begins)
    GROUP BY 1
),
controls AS (
    SELECT owner, min(remote_id) AS control
    FROM staging.seen
    WHERE run_id = CAST(:run_id AS bigint) AND side = CAST(:side AS text) AND presence = 'live' AND problem_code IS NULL
    GROUP BY owner
)
SELECT n.remote_id, c.control
FROM named n
LEFT JOIN controls c USING (owner)
WHERE n.remote_id <> ''
  AND NOT EXISTS (
    SELECT FROM staging.seen s
    WHERE s.run_id = CAST(:run_id AS bigint) AND s.side = CAST(:side AS text) AND s.remote_id = n.remote_id
  )
ORDER BY n.remote_id
