-- How many rows a part of a run has staged. Parameters: run_id, low, high (buckets)
SELECT count(*) FROM staging.seen WHERE run_id = :run_id AND bucket BETWEEN :low AND :high
