-- The staged rows of a part of a run, without the records as they came, which no plan looks at. Parameters: run_id, low, high (buckets)
SELECT {values}, CAST(NULL AS text) AS payload
FROM staging.{side}_task
WHERE run_id = CAST(:run_id AS bigint) AND bucket BETWEEN CAST(:low AS int) AND CAST(:high AS int)
ORDER BY remote_id
