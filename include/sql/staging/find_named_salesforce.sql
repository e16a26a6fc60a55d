-- Purpose: salesforce records that markers name as their originals and no listing of this run showed (G8)
-- Parameters: run_id
-- Caller: store/staging.py
WITH carried AS (
    SELECT marker, owner FROM staging.sales_connect_task WHERE run_id = CAST(:run_id AS bigint)
    UNION ALL
    SELECT marker, NULL FROM staging.salesforce_task WHERE run_id = CAST(:run_id AS bigint)
),
named AS (
    SELECT split_part(substr(marker, length(i.begins) + 1), ':', 1) AS remote_id, min(u.sf_user_id) AS owner
    FROM carried c
    CROSS JOIN (
        SELECT 'tb:sf:' || identity || ':' AS begins FROM bridge.side_identity WHERE side = 'salesforce'
    ) i
    LEFT JOIN bridge.user_map u ON u.sc_user_id = c.owner AND u.state IN ('synced', 'off')
    WHERE starts_with(c.marker, i.begins)
    GROUP BY 1
),
controls AS (
    SELECT owner, min(remote_id) AS control
    FROM staging.salesforce_task
    WHERE run_id = CAST(:run_id AS bigint) AND presence = 'live' AND problem_code IS NULL
    GROUP BY owner
)
SELECT n.remote_id, c.control
FROM named n
LEFT JOIN controls c USING (owner)
WHERE n.remote_id <> ''
  AND NOT EXISTS (
    SELECT FROM staging.salesforce_task s WHERE s.run_id = CAST(:run_id AS bigint) AND s.remote_id = n.remote_id
  )
ORDER BY n.remote_id
