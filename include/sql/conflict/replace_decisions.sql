-- Whoever decides again means the new decision
UPDATE bridge.decision d
SET state = 'replaced', closed_at = now()
FROM bridge.conflict c
WHERE c.conflict_id = ANY(:conflict_ids) AND d.link_id = c.link_id AND d.field = c.field AND d.state = 'open'
