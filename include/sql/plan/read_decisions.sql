-- What people decided and no run has carried out yet (K3)
SELECT link_id, field, winner, value_sc, value_sf
FROM bridge.decision
WHERE state = 'open'
ORDER BY link_id, field
