-- The pairs of an answered request that are still to be carried out
INSERT INTO bridge.run_pair (run_id, link_id)
SELECT DISTINCT r.run_id, w.link_id
FROM bridge.run r
JOIN bridge.approval a ON a.approval_id = CAST(r.asked ->> 'approval_id' AS bigint) AND a.state = 'answered'
JOIN bridge.approval_row w ON w.approval_id = a.approval_id AND w.outcome IS NULL
WHERE r.run_id = :run_id
ON CONFLICT DO NOTHING
