-- Purpose: a job has ended, and what became of its rows is recorded
-- Parameters: job_id, failed, message
-- Caller: store/jobs.py
UPDATE bridge.bulk_job
SET ended_at = clock_timestamp(), failed = :failed, message = :message
WHERE job_id = :job_id AND ended_at IS NULL
