-- One request
SELECT a.approval_id, a.kind, a.state, a.run_id, a.requested_at, a.dag_run_id, a.asked, a.answer, a.answered_by,
       a.answered_at, r.features
FROM bridge.approval a
JOIN bridge.run r USING (run_id)
WHERE a.approval_id = CAST(:approval_id AS bigint)
