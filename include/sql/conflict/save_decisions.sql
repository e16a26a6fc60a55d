-- Keep what a person decided, with the values that were contested then (K3)
INSERT INTO bridge.decision (conflict_id, link_id, field, winner, value_sc, value_sf, decided_by)
SELECT conflict_id, link_id, field, :winner, value_sc, value_sf, :decided_by
FROM bridge.conflict
WHERE conflict_id = ANY(:conflict_ids)
ORDER BY conflict_id
