-- Keep what a part comes to, in place of what was kept of it before. Parameters: run_id, low, high (buckets), fits, content
INSERT INTO staging.planned_part (run_id, low, high, fits, content)
VALUES (:run_id, :low, :high, :fits, :content)
ON CONFLICT (run_id, low) DO UPDATE SET high = excluded.high, fits = excluded.fits, content = excluded.content
