-- A job is written down before anything is given to it
INSERT INTO bridge.bulk_job (job_id, run_id, side, op) VALUES (:job_id, :run_id, :side, :op)
