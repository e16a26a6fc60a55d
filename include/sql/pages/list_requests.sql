-- Requests to a person, open ones first, the newest first
-- Parameters: lines
SELECT a.approval_id, a.kind, a.state, a.requested_at, a.dag_run_id, a.answer, a.answered_by, a.answered_at, a.run_id,
       a.carried_out_run_id, n.rows, n.written, n.left_out, n.refused
FROM (
    SELECT * FROM bridge.approval ORDER BY state NOT IN ('open', 'answered'), approval_id DESC LIMIT :lines
) a
CROSS JOIN LATERAL (
    SELECT count(*) AS rows, count(*) FILTER (WHERE outcome = 'done') AS written,
           count(*) FILTER (WHERE outcome = 'left_out') AS left_out, count(*) FILTER (WHERE outcome = 'refused') AS refused
    FROM bridge.approval_row WHERE approval_id = a.approval_id
) n
ORDER BY a.state NOT IN ('open', 'answered'), a.approval_id DESC
