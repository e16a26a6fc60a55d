-- Linked Sales Connect tasks to look up, so that all come round once in a time. Parameters: run_id, seconds (the time)
WITH pace AS (
    SELECT this.sc_server_time,
           least(
               1,
               greatest(0, extract(epoch FROM this.sc_server_time - previous.sc_server_time))
               * 2 / nullif(CAST(:seconds AS float8), 0)
           ) AS share
    FROM bridge.run this
    LEFT JOIN LATERAL (
        SELECT sc_server_time FROM bridge.run
        WHERE run_id < this.run_id AND settled_at IS NOT NULL
        ORDER BY run_id DESC
        LIMIT 1
    ) previous ON true
    WHERE this.run_id = CAST(:run_id AS bigint)
),
due AS (
    SELECT sc_id, sc_owner_now
    FROM bridge.link
    WHERE state = 'linked'
      AND sc_id IS NOT NULL
      -- One that waits is looked up with its partner.
      AND look_again_at IS NULL
      -- Or by a clock that was fast and is put right.
      AND (
        sc_checked_at <= (SELECT sc_server_time FROM pace) - make_interval(secs => CAST(:seconds AS float8) / 2)
        OR sc_checked_at > (SELECT sc_server_time FROM pace)
      )
      AND NOT EXISTS (
        SELECT FROM staging.sales_connect_task s
        WHERE s.run_id = CAST(:run_id AS bigint) AND s.remote_id = sc_id
      )
    ORDER BY sc_checked_at, sc_id
    LIMIT (
        SELECT ceil(share * (SELECT count(*) FROM bridge.link WHERE state = 'linked')) FROM pace
    )
),
controls AS (
    SELECT sc_owner_now, min(sc_id) AS first, max(sc_id) AS last
    FROM bridge.link
    WHERE state = 'linked' AND sc_owner_now IN (SELECT sc_owner_now FROM due)
    GROUP BY sc_owner_now
)
SELECT d.sc_id AS remote_id, CASE WHEN c.first <> d.sc_id THEN c.first ELSE nullif(c.last, d.sc_id) END AS control
FROM due d
LEFT JOIN controls c USING (sc_owner_now)
ORDER BY d.sc_id
