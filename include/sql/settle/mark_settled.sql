-- The run has been settled
UPDATE bridge.run SET settled_at = clock_timestamp() WHERE run_id = :run_id
