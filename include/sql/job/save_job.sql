-- Purpose: a job is written down before anything is given to it
-- Parameters: job_id, run_id, side, op
-- Caller: store/jobs.py
INSERT INTO bridge.bulk_job (job_id, run_id, side, op) VALUES (:job_id, :run_id, :side, :op)
