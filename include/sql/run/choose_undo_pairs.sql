-- The pairs that the run to be undone wrote to
INSERT INTO bridge.run_pair (run_id, link_id)
SELECT DISTINCT r.run_id, a.link_id
FROM bridge.run r
JOIN bridge.action a ON a.run_id = CAST(r.asked ->> 'run_id' AS bigint)
WHERE r.run_id = :run_id AND a.state IN ('done', 'sent')
ON CONFLICT DO NOTHING
