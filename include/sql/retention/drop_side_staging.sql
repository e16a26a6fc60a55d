-- Drop the {side} staging of old runs
DELETE FROM staging.{side}_task WHERE run_id = ANY(:run_ids)
