-- What a part comes to, if it was made from the same. Parameters: run_id, low, high (buckets), fits
SELECT content FROM staging.planned_part WHERE run_id = :run_id AND low = :low AND high = :high AND fits = :fits
