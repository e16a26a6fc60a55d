-- The pair of which something is to be restored
INSERT INTO bridge.run_pair (run_id, link_id)
SELECT r.run_id, l.link_id
FROM bridge.run r
JOIN bridge.link l ON l.link_id IN (
    (SELECT c.link_id FROM bridge.conflict c WHERE c.conflict_id = CAST(r.asked ->> 'conflict_id' AS bigint)),
    (SELECT a.link_id FROM bridge.action a WHERE a.action_id = r.asked ->> 'action_id'),
    bridge.pair_of(r.asked ->> 'link_id')
)
WHERE r.run_id = :run_id
ON CONFLICT DO NOTHING
