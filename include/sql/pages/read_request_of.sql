-- The open requests that hold something of a pair
-- Parameters: link_id
SELECT a.approval_id, a.kind, a.dag_run_id, w.side, w.op, w.mask,
       (SELECT count(*) FROM bridge.approval_row o WHERE o.approval_id = a.approval_id AND o.outcome IS NULL) AS rows
FROM bridge.approval_row w
JOIN bridge.approval a USING (approval_id)
WHERE w.link_id = :link_id AND w.outcome IS NULL AND a.state = 'open'
ORDER BY a.approval_id
