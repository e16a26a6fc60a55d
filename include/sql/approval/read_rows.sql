-- Rows without an outcome, or left out and still held, of the pairs of a part of a run; the answers that it carries out (G3)
-- Parameters: run_id, low, high (buckets)
WITH asked AS (
    SELECT run_id, CASE WHEN mode = 'approval' THEN CAST(asked ->> 'approval_id' AS bigint) END AS approval_id
    FROM bridge.run WHERE run_id = CAST(:run_id AS bigint)
),
newest AS (
    SELECT DISTINCT ON (r.link_id, r.side, a.kind) r.*, a.kind, a.answer
    FROM bridge.approval_row r
    JOIN bridge.approval a USING (approval_id)
    WHERE (a.state IN ('open', 'answered') AND r.outcome IS NULL) OR (r.outcome = 'left_out' AND r.wanted)
    ORDER BY r.link_id, r.side, a.kind, r.row_id DESC
)
SELECT r.row_id, CASE WHEN r.outcome IS NULL THEN r.approval_id END AS approval_id, r.kind,
       CASE WHEN r.outcome IS NULL AND r.approval_id = asked.approval_id THEN r.answer END AS answer,
       r.link_id, r.side, r.op, r.mask,
       r.title, r.status, r.priority, r.due_date, r.details, r.owner,
       r.seen_title, r.seen_status, r.seen_priority, r.seen_due_date, r.seen_details, r.seen_owner
FROM asked
CROSS JOIN newest r
LEFT JOIN bridge.link l ON l.link_id = r.link_id
WHERE staging.bucket(r.link_id) BETWEEN CAST(:low AS int) AND CAST(:high AS int)
  AND (
    r.approval_id = asked.approval_id
    OR EXISTS (SELECT FROM staging.sales_connect_task s WHERE s.run_id = asked.run_id AND s.remote_id = l.sc_id)
    OR EXISTS (SELECT FROM staging.salesforce_task s WHERE s.run_id = asked.run_id AND s.remote_id = l.sf_id)
  )
ORDER BY r.row_id
