-- The staged rows of a part of a run. Parameters: run_id, low, high (buckets)
SELECT {columns}
FROM staging.{side}_task
WHERE run_id = CAST(:run_id AS bigint) AND bucket BETWEEN CAST(:low AS int) AND CAST(:high AS int)
ORDER BY remote_id
