-- Purpose: some linked salesforce records that this run has not read, to tell a lost side from lost records (G8)
-- Parameters: run_id, sample (at most so many)
-- Caller: store/staging.py
WITH chosen AS (
    SELECT sf_id, sf_owner_now
    FROM bridge.link
    WHERE state = 'linked'
      AND sf_id IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM staging.salesforce_task s
        WHERE s.run_id = CAST(:run_id AS bigint) AND s.remote_id = sf_id
      )
    ORDER BY md5(link_id || CAST(CAST(:run_id AS bigint) AS text))
    LIMIT CAST(:sample AS bigint)
),
controls AS (
    SELECT sf_owner_now, min(sf_id) AS first, max(sf_id) AS last
    FROM bridge.link
    WHERE state = 'linked' AND sf_owner_now IN (SELECT sf_owner_now FROM chosen)
    GROUP BY sf_owner_now
)
SELECT c.sf_id AS remote_id, CASE WHEN k.first <> c.sf_id THEN k.first ELSE nullif(k.last, c.sf_id) END AS control
FROM chosen c
LEFT JOIN controls k USING (sf_owner_now)
ORDER BY c.sf_id
