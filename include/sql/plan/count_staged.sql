-- How many rows a run has staged
SELECT count(*) FROM staging.seen WHERE run_id = :run_id
