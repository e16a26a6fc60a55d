-- A pair of which a person decided something is read in the next run (G9)
UPDATE bridge.link l
SET look_again_at = NULL
FROM bridge.conflict c
WHERE c.conflict_id = ANY(:conflict_ids) AND l.link_id = c.link_id
