-- The DAG run that asks a person from now on, written down before it is started
UPDATE bridge.approval
SET dag_run_id = :dag_run_id, asked = asked + 1
WHERE approval_id = :approval_id AND state IN ('open', 'answered')
