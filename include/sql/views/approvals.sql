-- Purpose: what people were asked to approve, and what became of it (G3)
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.approvals AS
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

COMMENT ON VIEW mart.approvals IS 'One row is a request to a person to approve what was held, with who answered it, when, and what became of its rows; the rows are in bridge.approval_row.';
COMMENT ON COLUMN mart.approvals.approval_id IS 'Number of the request';
COMMENT ON COLUMN mart.approvals.kind IS 'What is asked for: create, complete, owner, due_date, delete, subject, missing (deletes without proof)';
COMMENT ON COLUMN mart.approvals.state IS 'open: waits for an answer. answered: to be carried out. carried_out. obsolete: every row went away before an answer';
COMMENT ON COLUMN mart.approvals.requested_at IS 'When it was held';
COMMENT ON COLUMN mart.approvals.rows IS 'Number of effects that it asks for';
COMMENT ON COLUMN mart.approvals.written IS 'Of these: approved and written';
COMMENT ON COLUMN mart.approvals.rejected IS 'Of these: rejected and let go';
COMMENT ON COLUMN mart.approvals.left_out IS 'Of these: moved meanwhile, so neither written nor let go; bridge.approval_row tells why';
COMMENT ON COLUMN mart.approvals.refused IS 'Of these: refused by the system that was to be written';
COMMENT ON COLUMN mart.approvals.waiting IS 'Of these: without an outcome yet';
COMMENT ON COLUMN mart.approvals.answer IS 'What the person said: approved or rejected';
COMMENT ON COLUMN mart.approvals.answered_by IS 'Who answered, as Airflow names the person';
COMMENT ON COLUMN mart.approvals.answered_at IS 'When';
COMMENT ON COLUMN mart.approvals.answered_in IS 'The DAG run whose question was answered';
COMMENT ON COLUMN mart.approvals.dag_run_id IS 'The last run of task_sync_approval for it';
COMMENT ON COLUMN mart.approvals.asked IS 'How many of them were started';
COMMENT ON COLUMN mart.approvals.run_id IS 'Run that held it';
COMMENT ON COLUMN mart.approvals.carried_out_run_id IS 'Run that finished carrying it out';
COMMENT ON COLUMN mart.approvals.finished_at IS 'When it was carried out, or found obsolete';
