-- The held actions of a run that its new requests ask for
UPDATE bridge.action a
SET approval_id = r.approval_id
FROM bridge.approval r
JOIN bridge.approval_row w USING (approval_id)
WHERE r.run_id = :run_id
  AND r.state = 'open'
  AND a.run_id = r.run_id
  AND a.state = 'held'
  AND a.approval_id IS NULL
  AND (a.asks, a.link_id, a.side) = (r.kind, w.link_id, w.side)
