-- One request to a person
-- Parameters: approval_id
SELECT approval_id, kind, state, requested_at, dag_run_id, answer, answered_by, answered_at, run_id, carried_out_run_id
FROM bridge.approval
WHERE approval_id = :approval_id
