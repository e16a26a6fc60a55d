-- Purpose: some linked sales_connect records that this run has not read, to tell a lost side from lost records (G8)
-- Parameters: run_id, sample (at most so many)
-- Caller: store/staging.py
WITH chosen AS (
    SELECT sc_id, sc_owner_now
    FROM bridge.link
    WHERE state = 'linked'
      AND sc_id IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM staging.sales_connect_task s
        WHERE s.run_id = CAST(:run_id AS bigint) AND s.remote_id = sc_id
      )
    ORDER BY md5(link_id || CAST(CAST(:run_id AS bigint) AS text))
    LIMIT CAST(:sample AS bigint)
),
controls AS (
    SELECT sc_owner_now, min(sc_id) AS first, max(sc_id) AS last
    FROM bridge.link
    WHERE state = 'linked' AND sc_owner_now IN (SELECT sc_owner_now FROM chosen)
    GROUP BY sc_owner_now
)
SELECT c.sc_id AS remote_id, CASE WHEN k.first <> c.sc_id THEN k.first ELSE nullif(k.last, c.sc_id) END AS control
FROM chosen c
LEFT JOIN controls k USING (sc_owner_now)
ORDER BY c.sc_id
