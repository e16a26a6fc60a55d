-- Purpose: sales_connect records of pairs in some states that no listing of this run showed (C6)
-- Parameters: run_id, states
-- Caller: store/staging.py
WITH unseen AS (
    SELECT sc_id, sc_owner_now
    FROM bridge.link
    WHERE state = ANY(:states)
      AND sc_id IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM staging.sales_connect_task s WHERE s.run_id = CAST(:run_id AS bigint) AND s.remote_id = sc_id
      )
),
controls AS (
    SELECT sc_owner_now, min(sc_id) AS first, max(sc_id) AS last
    FROM bridge.link
    WHERE state = 'linked' AND sc_owner_now IN (SELECT sc_owner_now FROM unseen)
    GROUP BY sc_owner_now
)
SELECT u.sc_id AS remote_id, CASE WHEN c.first <> u.sc_id THEN c.first ELSE nullif(c.last, u.sc_id) END AS control
FROM unseen u
LEFT JOIN controls c USING (sc_owner_now)
ORDER BY u.sc_id
