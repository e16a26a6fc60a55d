-- Lock the pairs in one order, as both sides may be answered at the same time. Parameters: action_id (array)
SELECT l.link_id
FROM bridge.link l
WHERE l.link_id IN (SELECT a.link_id FROM bridge.action a WHERE a.action_id = ANY (CAST(:action_id AS text[])))
ORDER BY l.link_id
FOR UPDATE
