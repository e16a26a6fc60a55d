-- Jobs of which nobody has recorded the end
SELECT job_id, op FROM bridge.bulk_job WHERE side = :side AND ended_at IS NULL ORDER BY opened_at, job_id
