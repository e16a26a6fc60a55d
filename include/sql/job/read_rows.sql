-- Rows of a job that have no outcome yet
SELECT {writes}
FROM bridge.action
WHERE job_id = CAST(:job_id AS text) AND state = 'sent'
ORDER BY run_id, seq
