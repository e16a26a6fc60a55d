-- Purpose: salesforce records that must be read by id before anything is decided (G9)
-- Parameters: run_id
-- Caller: store/staging.py
WITH staged AS (
    SELECT l.link_id, l.state, s.version > l.sc_version AS moved
    FROM staging.sales_connect_task s
    JOIN bridge.link l ON l.sc_id = s.remote_id
    WHERE s.run_id = CAST(:run_id AS bigint)
    UNION ALL
    SELECT l.link_id, l.state, s.version > l.sf_version
    FROM staging.salesforce_task s
    JOIN bridge.link l ON l.sf_id = s.remote_id
    WHERE s.run_id = CAST(:run_id AS bigint)
),
unfinished AS (
    SELECT l.link_id
    FROM bridge.link l
    WHERE (l.dirty OR l.state = 'pending')
      AND NOT EXISTS (
        SELECT FROM bridge.dead_letter d
        WHERE d.link_id = l.link_id AND d.stage = 'load' AND d.resolved_at IS NULL AND d.next_try_at > now()
      )
    UNION
    SELECT staged.link_id
    FROM staged
    JOIN bridge.link l USING (link_id)
    WHERE staged.state IN ('released', 'missing', 'held') OR (staged.moved AND (l.dirty OR l.state = 'pending'))
    UNION
    SELECT link_id FROM bridge.link WHERE sf_written_at IS NOT NULL AND state <> 'tombstone'
      AND NOT EXISTS (
        SELECT FROM staging.salesforce_task s WHERE s.run_id = CAST(:run_id AS bigint) AND s.remote_id = sf_id
      )
),
wanted AS (
    SELECT l.sf_id AS remote_id, l.sf_owner_now AS owner
    FROM unfinished
    JOIN bridge.link l USING (link_id)
    WHERE l.sf_id IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM staging.salesforce_task s
        WHERE s.run_id = CAST(:run_id AS bigint) AND s.remote_id = l.sf_id AND s.source = 'by_id'
      )
),
controls AS (
    SELECT sf_owner_now AS owner, min(sf_id) AS first, max(sf_id) AS last
    FROM bridge.link
    WHERE state = 'linked' AND sf_owner_now IN (SELECT owner FROM wanted)
    GROUP BY sf_owner_now
)
SELECT w.remote_id, CASE WHEN c.first <> w.remote_id THEN c.first ELSE nullif(c.last, w.remote_id) END AS control
FROM wanted w
LEFT JOIN controls c USING (owner)
ORDER BY w.remote_id
