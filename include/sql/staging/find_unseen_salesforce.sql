-- Purpose: salesforce records of pairs in some states that no listing of this run showed (C6)
-- Parameters: run_id, states
-- Caller: store/staging.py
WITH unseen AS (
    SELECT sf_id, sf_owner_now
    FROM bridge.link
    WHERE state = ANY(:states)
      AND sf_id IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM staging.salesforce_task s WHERE s.run_id = CAST(:run_id AS bigint) AND s.remote_id = sf_id
      )
),
controls AS (
    SELECT sf_owner_now, min(sf_id) AS first, max(sf_id) AS last
    FROM bridge.link
    WHERE state = 'linked' AND sf_owner_now IN (SELECT sf_owner_now FROM unseen)
    GROUP BY sf_owner_now
)
SELECT u.sf_id AS remote_id, CASE WHEN c.first <> u.sf_id THEN c.first ELSE nullif(c.last, u.sf_id) END AS control
FROM unseen u
LEFT JOIN controls c USING (sf_owner_now)
ORDER BY u.sf_id
