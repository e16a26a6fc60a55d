-- Staged rows of a part of a run that ended nowhere or more than once (G5), and dispositions of no row
-- Parameters: run_id, low, high (buckets), examples (how many), side, remote_id (arrays: the dispositions)
WITH staged AS (
    SELECT side, remote_id FROM staging.seen WHERE run_id = :run_id AND bucket BETWEEN :low AND :high
),
ended AS (
    SELECT side, remote_id, count(*) AS times
    FROM unnest(CAST(:side AS text[]), CAST(:remote_id AS text[])) AS told (side, remote_id)
    GROUP BY side, remote_id
)
SELECT side, remote_id, coalesce(e.times, 0) AS times
FROM staged s
FULL JOIN ended e USING (side, remote_id)
WHERE e.times IS DISTINCT FROM 1 OR s.remote_id IS NULL
ORDER BY side, remote_id
LIMIT :examples
