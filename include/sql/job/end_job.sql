-- A job has ended, and what became of its rows is recorded
UPDATE bridge.bulk_job
SET ended_at = clock_timestamp(), failed = :failed, message = :message
WHERE job_id = :job_id AND ended_at IS NULL
