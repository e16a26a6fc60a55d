-- The open requests that hold something of a pair
-- Parameters: link_id
SELECT a.approval_id, a.kind, a.dag_run_id, w.side, w.op, w.mask
FROM bridge.approval_row w
JOIN bridge.approval a USING (approval_id)
WHERE w.link_id = :link_id AND w.outcome IS NULL AND a.state = 'open'
ORDER BY a.approval_id
