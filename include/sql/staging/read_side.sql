-- The staged rows of a run
SELECT {columns}
FROM staging.{side}_task
WHERE run_id = CAST(:run_id AS bigint)
ORDER BY remote_id
