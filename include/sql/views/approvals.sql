CREATE OR REPLACE VIEW mart.approvals ( -- One row is a request to a person to approve what was held, with who answered it, when, and what became of its rows; the rows are in bridge.approval_row.
    approval_id, -- Number of the request
    kind, -- What is asked for: create, complete, owner, due_date, delete, subject, missing (deletes without proof)
    state, -- open: waits for an answer. answered: to be carried out. carried_out. obsolete: every row went away before an answer
    requested_at, -- When it was held
    rows, -- Number of effects that it asks for
    written, -- Of these: approved and written
    rejected, -- Of these: rejected and let go
    left_out, -- Of these: moved meanwhile, so neither written nor let go; bridge.approval_row tells why
    refused, -- Of these: refused by the system that was to be written
    waiting, -- Of these: without an outcome yet
    answer, -- What the person said: approved or rejected
    answered_by, -- Who answered, as Airflow names the person (personal)
    answered_at, -- When
    answered_in, -- The DAG run whose question was answered
    dag_run_id, -- The last run of task_sync_approval for it
    asked, -- How many of them were started
    run_id, -- Run that held it
    carried_out_run_id, -- Run that finished carrying it out
    finished_at -- When it was carried out, or found obsolete
) AS
SELECT
    a.approval_id, a.kind, a.state, a.requested_at, count(*) AS rows,
    count(*) FILTER (WHERE w.outcome = 'done') AS written,
    count(*) FILTER (WHERE w.outcome = 'rejected') AS rejected,
    count(*) FILTER (WHERE w.outcome = 'left_out') AS left_out,
    count(*) FILTER (WHERE w.outcome = 'refused') AS refused,
    count(*) FILTER (WHERE w.outcome IS NULL AND a.state <> 'obsolete') AS waiting,
    a.answer, a.answered_by, a.answered_at, a.answered_in, a.dag_run_id, a.asked, a.run_id, a.carried_out_run_id,
    a.finished_at
FROM bridge.approval a
JOIN bridge.approval_row w USING (approval_id)
GROUP BY a.approval_id;
