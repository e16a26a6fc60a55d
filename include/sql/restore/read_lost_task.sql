-- The record of a pair that a delete of ours removed last (K5). Parameters: link_id (or any id that the pair has or had)
SELECT 'pair ' || l.link_id AS what, l.link_id, a.side, true AS whole, 0 AS mask,
       a.seen_title AS title, a.seen_status AS status, a.seen_priority AS priority, a.seen_due_date AS due_date, a.seen_details AS details, a.seen_owner AS owner,
       a.kept_person AS person,
       CASE WHEN a.side IS NULL THEN 'NOT_KEPT' END AS code,
       CASE WHEN a.side IS NULL THEN 'TaskBridge deleted no record of it, so it has none to bring back' END AS reason
FROM bridge.link l
LEFT JOIN LATERAL (
    SELECT d.*, k.person AS kept_person
    FROM bridge.action d
    LEFT JOIN bridge.kept k USING (action_id)
    WHERE d.link_id = l.link_id AND d.op = 'delete' AND d.state = 'done'
      AND (d.outcome <> 'gone' OR k.action_id IS NOT NULL)
    ORDER BY d.run_id DESC, d.seq DESC
    LIMIT 1
) a ON true
WHERE l.link_id = bridge.pair_of(:link_id)
