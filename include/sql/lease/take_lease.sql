-- Take the lease, or renew it under the same key; no row, but a place in the line, while another has it or is next
-- Parameters: run_key, ttl (interval), waits (boolean), patience (interval)
WITH taken AS (
    UPDATE bridge.lease l
    SET fencing = CASE WHEN l.run_key = :run_key THEN l.fencing ELSE l.fencing + 1 END,
        run_key = :run_key,
        expires_at = clock_timestamp() + CAST(:ttl AS interval)
    WHERE l.name = 'sync'
      AND (
        l.run_key = :run_key
        OR (
            (l.run_key IS NULL OR l.expires_at <= clock_timestamp())
            AND NOT EXISTS (
                SELECT FROM bridge.waiting_run w
                WHERE w.run_key <> :run_key
                  AND w.seen_at > clock_timestamp() - CAST(:patience AS interval)
                  AND w.since < coalesce(
                    (SELECT mine.since FROM bridge.waiting_run mine WHERE mine.run_key = :run_key), clock_timestamp()
                  )
            )
        )
      )
    RETURNING l.fencing
),
gone AS (
    DELETE FROM bridge.waiting_run
    WHERE EXISTS (SELECT FROM taken)
      AND (run_key = :run_key OR seen_at < clock_timestamp() - interval '1 day')
),
waiting AS (
    INSERT INTO bridge.waiting_run (run_key)
    SELECT :run_key
    WHERE CAST(:waits AS boolean) AND NOT EXISTS (SELECT FROM taken)
    ON CONFLICT (run_key) DO UPDATE SET seen_at = clock_timestamp()
)
SELECT fencing FROM taken
